package dev.ninepin.fuse.mount;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A runner that limits how long its caller waits for a system call on a mount. Such a call may wait for the server, and
 * Java cannot cancel it. So the call runs on a thread of its own. A call that outlasts its caller's wait ends with the
 * connection.
 */
public final class Bounded {
    /** A call that may block. */
    public interface Call {
        void run() throws IOException;
    }

    /**
     * Runs {@code call} on a new daemon thread, and blocks until it returns, for at most {@code seconds}.
     *
     * @param threadName the name of the new thread
     * @throws IOException if the call threw it; an {@link InterruptedIOException} if this thread was interrupted
     * @throws TimeoutException if the call has not returned in time; it goes on
     */
    public static void run(final String threadName, final long seconds, final Call call)
            throws IOException, TimeoutException {
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
