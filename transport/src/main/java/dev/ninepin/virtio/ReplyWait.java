package dev.ninepin.virtio;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How the reply reader waits for a device. While nothing is in flight it sleeps until it is woken. Otherwise it spins as
 * long as most replies take. After that it waits for the interrupt, if there is one. If not, it sleeps for an eighth of
 * the time that it has waited already: so a reply that took long is seen late by no more than that, and waiting for a
 * slow one costs next to nothing; a new request starts this anew.
 *
 * <p>The reply reader calls {@link #begin}, {@link #answered} and {@link #pause}; the sender {@link #posted} and {@link
 * #flushed}; anyone {@link #wake}. There is no lock: each side writes what it has done before it looks at the other.
 */
final class ReplyWait {
    /** Most replies that need no disk are there by then; longer would take a core from the server that is to answer. */
    static final long SPIN = TimeUnit.MICROSECONDS.toNanos(100);

    static final long LONGEST_SLEEP = TimeUnit.MILLISECONDS.toNanos(1);
    static final int SLEEP_FRACTION = 8;

    /** How long a device that is broken or gone may seem to be merely slow. */
    static final long HEALTH_INTERVAL = TimeUnit.MILLISECONDS.toNanos(100);

    private static final long UNTIL_WOKEN = Long.MAX_VALUE;

    /** Finds out whether waiting makes sense. */
    interface HealthCheck {
        void check() throws IOException;
    }

    /** The sleep that a device's interrupt ends. */
    interface InterruptSleep {
        /** Returns after an interrupt, after {@link #wake}, after {@code nanos}, or if there is an answer already. */
        void sleep(long nanos) throws IOException;

        /** Ends a sleep, this one or the next. */
        void wake();
    }

    private final HealthCheck health;
    private final BooleanSupplier ended;
    private final LongSupplier clock;
    private final Optional<InterruptSleep> interrupt;

    /** Requests that were posted and that the device is not done with. */
    private final AtomicInteger inFlight = new AtomicInteger();

    /** Counts what the sender sent off. */
    private final AtomicInteger flushes = new AtomicInteger();

    /** The reply reader while it sleeps or is about to. */
    private volatile @Nullable Thread sleeper;

    // Of the reply reader.
    private int seenFlushes;
    private long since;
    private long lastCheck;

    /**
     * @param health called now and then while a reply is due
     * @param ended whether there is nothing to wait for any more; whoever changes it calls {@link #wake} then
     * @param clock nanoseconds, as {@link System#nanoTime}
     * @param interrupt empty for a device that does not interrupt
     */
    ReplyWait(
            final HealthCheck health,
            final BooleanSupplier ended,
            final LongSupplier clock,
            final Optional<InterruptSleep> interrupt) {
        this.health = health;
        this.ended = ended;
        this.clock = clock;
        this.interrupt = interrupt;
    }

    /** A request is about to be posted. */
    void posted() {
        inFlight.incrementAndGet();
    }

    /** What was posted is with the device. */
    void flushed() {
        flushes.incrementAndGet();
        // Who waits for an interrupt is left to it: the answer brings one.
        unpark();
    }

    /** The device is done with a request. */
    void answered() {
        inFlight.decrementAndGet();
    }

    /** Ends a sleep, if there is one. */
    void wake() {
        unpark();
        interrupt.ifPresent(InterruptSleep::wake);
    }

    private void unpark() {
        final @Nullable Thread reader = sleeper;
        if (reader != null) {
            LockSupport.unpark(reader);
        }
    }

    /** The reader is about to look for the next reply. */
    void begin() {
        seenFlushes = flushes.get();
        since = clock.getAsLong();
        lastCheck = since;
    }

    /**
     * Lets some time pass until the reader looks again.
     *
     * @throws IOException if the device is found broken
     */
    void pause() throws IOException {
        if (seenFlushes != flushes.get()) {
            begin();
        }
        final long sleep = next();
        if (sleep == 0) {
            Thread.onSpinWait();
            return;
        }
        if (interrupt.isPresent() && sleep != UNTIL_WOKEN) {
            // Should the end come just now, its wake ends this sleep.
            interrupt.get().sleep(sleep);
            return;
        }
        sleeper = Thread.currentThread();
        // Looked at once more: for what changed before we said that we sleep, nobody wakes us.
        if (!ended.getAsBoolean() && flushes.get() == seenFlushes) {
            if (sleep == UNTIL_WOKEN) {
                LockSupport.park(this);
            } else {
                LockSupport.parkNanos(this, sleep);
            }
        }
        sleeper = null;
    }

    /** The time to sleep, in nanoseconds; 0 for a spin. */
    long next() throws IOException {
        if (inFlight.get() == 0) {
            return UNTIL_WOKEN;
        }
        final long now = clock.getAsLong();
        final long waited = now - since;
        if (waited < SPIN) {
            return 0;
        }
        if (now - lastCheck >= HEALTH_INTERVAL) {
            lastCheck = now;
            health.check();
        }
        return interrupt.isPresent() ? HEALTH_INTERVAL : Math.min(waited / SLEEP_FRACTION, LONGEST_SLEEP);
    }
}
