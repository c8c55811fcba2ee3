package dev.ninepin.testing;

import static java.util.stream.Collectors.joining;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * A watchdog for deadlocked threads of this process and for work that makes no progress. If it found any, closing it
 * fails and reports where each thread was and which locks it held.
 */
public final class DeadlockWatch implements AutoCloseable {
    private static final Duration STANDS_STILL = Duration.ofSeconds(30);
    private static final Duration EACH = Duration.ofMillis(250);

    private final LongSupplier progress;
    private final Duration standsStill;
    private final CountDownLatch over = new CountDownLatch(1);
    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final Thread thread = new Thread(this::watch, "deadlock watch");
    private volatile Optional<String> found = Optional.empty();

    private DeadlockWatch(final LongSupplier progress, final Duration standsStill) {
        this.progress = progress;
        this.standsStill = standsStill;
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Starts watching.
     *
     * @param progress a number that changes as long as work is done; read by another thread
     */
    public static DeadlockWatch over(final LongSupplier progress) {
        return new DeadlockWatch(progress, STANDS_STILL);
    }

    static DeadlockWatch over(final LongSupplier progress, final Duration standsStill) {
        return new DeadlockWatch(progress, standsStill);
    }

    /** Returns the problem that was found; empty if there is none so far. */
    Optional<String> found() {
        return found;
    }

    private void watch() {
        long before = progress.getAsLong();
        long since = System.nanoTime();
        try {
            while (found.isEmpty() && !over.await(EACH.toMillis(), TimeUnit.MILLISECONDS)) {
                final long now = progress.getAsLong();
                if (now != before) {
                    before = now;
                    since = System.nanoTime();
                }
                final long[] deadlocked = threads.findDeadlockedThreads();
                if (deadlocked != null) {
                    found = Optional.of("threads wait for each other:\n"
                            + described(threads.getThreadInfo(deadlocked, true, true)));
                } else if (System.nanoTime() - since > standsStill.toNanos()) {
                    found = Optional.of("nothing was done for " + standsStill + ":\n"
                            + described(threads.dumpAllThreads(true, true)));
                }
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String described(final ThreadInfo[] threads) {
        return Arrays.stream(threads)
                .map(thread -> "%s, %s, waits for %s of %s, holds %s%n%s"
                        .formatted(
                                thread.getThreadName(),
                                thread.getThreadState(),
                                thread.getLockName(),
                                thread.getLockOwnerName(),
                                Arrays.toString(thread.getLockedMonitors())
                                        + Arrays.toString(thread.getLockedSynchronizers()),
                                Arrays.stream(thread.getStackTrace())
                                        .map(frame -> "    at " + frame)
                                        .collect(joining("\n"))))
                .collect(joining("\n\n"));
    }

    @Override
    public void close() {
        over.countDown();
        try {
            thread.join();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        found.ifPresent(what -> {
            throw new AssertionError(what);
        });
    }
}
