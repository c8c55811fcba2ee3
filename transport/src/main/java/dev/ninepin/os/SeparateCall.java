package dev.ninepin.os;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A call on a new daemon thread, so that neither the call's duration nor an interrupt binds the thread that waits for
 * it. Java cannot cancel a system call; one that outlasts its caller's wait goes on. Any thread.
 */
public final class SeparateCall {
    /** A call that may block. */
    @FunctionalInterface
    public interface Action {
        void run() throws IOException;
    }

    private final FutureTask<Boolean> task;
    private final Thread thread;

    private SeparateCall(final String threadName, final Action action) {
        task = new FutureTask<>(() -> {
            action.run();
            return true;
        });
        thread = new Thread(task, threadName);
        thread.setDaemon(true);
    }

    /** Starts {@code action} on a new thread. */
    public static SeparateCall start(final String threadName, final Action action) {
        final SeparateCall call = new SeparateCall(threadName, action);
        call.thread.start();
        return call;
    }

    /**
     * Runs {@code action} on a new thread, and blocks until it returns, for at most {@code seconds}.
     *
     * @throws IOException if the action threw it; an {@link InterruptedIOException} if this thread was interrupted
     * @throws TimeoutException if the action has not returned in time; it goes on
     */
    public static void run(final String threadName, final long seconds, final Action action)
            throws IOException, TimeoutException {
        try {
            start(threadName, action).await(TimeUnit.SECONDS.toNanos(seconds));
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            final InterruptedIOException interrupted = new InterruptedIOException("interrupted in " + threadName);
            interrupted.initCause(e);
            throw interrupted;
        }
    }

    /**
     * Blocks until the action returns, for at most {@code nanos}. May be called again.
     *
     * @throws IOException if the action threw it, or has failed otherwise
     * @throws TimeoutException if the action has not returned in time; it goes on
     */
    public void await(final long nanos) throws IOException, TimeoutException, InterruptedException {
        try {
            task.get(nanos, TimeUnit.NANOSECONDS);
        } catch (final ExecutionException e) {
            throw failure(e);
        }
    }

    /**
     * Blocks until the action returns. An interrupt meanwhile does not end the wait; the calling thread's interrupt
     * status is set on return.
     *
     * @throws IOException if the action threw it, or has failed otherwise
     */
    public void awaitUninterruptibly() throws IOException {
        awaitUninterruptibly(() -> {});
    }

    /** Blocks as {@link #awaitUninterruptibly()} does, and runs {@code onInterrupt} at each interrupt. */
    public void awaitUninterruptibly(final Runnable onInterrupt) throws IOException {
        try {
            final boolean unused = awaitUninterruptibly(task, Long.MAX_VALUE, onInterrupt);
        } catch (final TimeoutException e) {
            throw new IllegalStateException("there is no limit", e);
        }
    }

    /**
     * Blocks as {@link #awaitUninterruptibly()} does, until {@code future} is done. Returns the result of the future.
     *
     * @param nanos the longest time to block, in nanoseconds
     * @throws TimeoutException if the future is not done in this time
     */
    public static <T> T awaitUninterruptibly(final Future<T> future, final long nanos)
            throws IOException, TimeoutException {
        return awaitUninterruptibly(future, nanos, () -> {});
    }

    private static <T> T awaitUninterruptibly(final Future<T> future, final long nanos, final Runnable onInterrupt)
            throws IOException, TimeoutException {
        final long begin = System.nanoTime();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return future.get(nanos - (System.nanoTime() - begin), TimeUnit.NANOSECONDS);
                } catch (final InterruptedException e) {
                    interrupted = true;
                    onInterrupt.run();
                }
            }
        } catch (final ExecutionException e) {
            throw failure(e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static IOException failure(final ExecutionException e) {
        return e.getCause() instanceof IOException known ? known : new IOException(e.getCause());
    }

    /** Interrupts the action. Does nothing if it has returned. */
    public void interrupt() {
        thread.interrupt();
    }
}
