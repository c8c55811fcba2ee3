package dev.ninepin.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

/**
 * A call on a thread of its own, for calls that are expected to block. Closing it fails the test unless the call
 * returned.
 */
public final class BackgroundCall<T> implements AutoCloseable {
    private static final int ENDS_WITHIN_SECONDS = 60;

    private final FutureTask<T> task;
    private final Thread thread;

    private BackgroundCall(final String name, final Callable<T> call) {
        this.task = new FutureTask<>(call);
        this.thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    public static <T> BackgroundCall<T> start(final String name, final Callable<T> call) {
        return new BackgroundCall<>(name, call);
    }

    /** The work of one of several threads. */
    @FunctionalInterface
    public interface Work {
        void run(int thread) throws Exception;
    }

    /** Runs {@code work} in several threads at once, and returns when all have ended. */
    public static void inThreads(final int count, final Work work) throws Exception {
        final List<BackgroundCall<Boolean>> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            final int thread = i;
            threads.add(start("worker " + i, () -> {
                work.run(thread);
                return true;
            }));
        }
        for (final BackgroundCall<Boolean> thread : threads) {
            assertThat(thread.result()).isTrue();
            thread.close();
        }
    }

    /** Returns once the call blocks inside a method named {@code method}: its stack has not changed for a while. */
    public BackgroundCall<T> awaitInside(final String method) {
        return awaitStill(stack -> isInside(stack, method));
    }

    /**
     * Returns once the call blocks in the kernel, inside a method named {@code method}: its stack has not changed for a
     * while, and its top is a native method.
     */
    public BackgroundCall<T> awaitBlockedIn(final String method) {
        return awaitStill(stack -> stack[0].isNativeMethod() && isInside(stack, method));
    }

    private BackgroundCall<T> awaitStill(final Predicate<StackTraceElement[]> where) {
        final AtomicReference<StackTraceElement[]> seen = new AtomicReference<>(new StackTraceElement[0]);
        await().pollInterval(Duration.ofMillis(20)).until(() -> {
            final StackTraceElement[] now = thread.getStackTrace();
            final boolean still = Arrays.equals(now, seen.getAndSet(now));
            return task.isDone() || (still && now.length > 0 && where.test(now));
        });
        return this;
    }

    /** Interrupts the thread of the call. */
    public void interrupt() {
        thread.interrupt();
    }

    /** Returns whether the call has returned or thrown. */
    public boolean isDone() {
        return task.isDone();
    }

    /** Blocks until the call returns, and returns its result. */
    public T result() throws InterruptedException, ExecutionException, TimeoutException {
        return task.get(ENDS_WITHIN_SECONDS, TimeUnit.SECONDS);
    }

    /** Blocks until the call throws, and returns the exception. */
    public Throwable failure() throws InterruptedException, TimeoutException {
        try {
            throw new AssertionError("expected a failure, got " + result());
        } catch (final ExecutionException e) {
            return e.getCause();
        }
    }

    private static boolean isInside(final StackTraceElement[] stack, final String method) {
        return Arrays.stream(stack).anyMatch(frame -> frame.getMethodName().equals(method));
    }

    @Override
    public void close() {
        try {
            thread.join(TimeUnit.SECONDS.toMillis(ENDS_WITHIN_SECONDS));
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        assertThat(thread.isAlive()).as("%s still waits", thread.getName()).isFalse();
    }
}
