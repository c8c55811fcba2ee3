package dev.ninepin.fuse;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * System calls on a mount may wait for its server, and can't be called off from here. So they run on a thread of their
 * own, and their caller waits for a limited time. A call that is left behind ends with the connection.
 */
final class Bounded {
    /** A call that may block. */
    interface Call {
        void run() throws IOException;
    }

    /**
     * Runs {@code call}, and waits for it at most so many seconds.
     *
     * @throws IOException what the call threw; an {@link InterruptedIOException} if this thread was interrupted
     * @throws TimeoutException if it has not returned; it goes on
     */
    static void run(final String threadName, final long seconds, final Call call) throws IOException, TimeoutException {
        final FutureTask<Boolean> task = new FutureTask<>(() -> {
            call.run();
            return true;
        });
        final Thread thread = new Thread(task, threadName);
        thread.setDaemon(true);
        thread.start();
        try {
            task.get(seconds, TimeUnit.SECONDS);
        } catch (final ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw new IllegalStateException(threadName, e.getCause());
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            final InterruptedIOException interrupted = new InterruptedIOException("interrupted in " + threadName);
            interrupted.initCause(e);
            throw interrupted;
        }
    }

    private Bounded() {}
}
