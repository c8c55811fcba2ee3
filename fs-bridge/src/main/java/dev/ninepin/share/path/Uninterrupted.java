package dev.ninepin.share.path;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * A runner of actions that must not be left half done. An interrupt cancels the request that a thread waits for, and
 * the client does not learn whether the server has carried it out. (diod drops the reply if the Tflush arrives in
 * time.) So each action gets a new thread that nothing interrupts. That is too slow for frequent operations.
 */
public final class Uninterrupted {
    private Uninterrupted() {}

    /** An action that must complete. */
    @FunctionalInterface
    public interface Action {
        void run() throws IOException;
    }

    /**
     * Runs an action, and blocks until it has ended. An interrupt meanwhile does not end the wait; the calling thread's
     * interrupt status is set on return.
     *
     * @throws IOException the action's exception
     */
    public static void run(final Action action) throws IOException {
        final FutureTask<Void> task = new FutureTask<>(() -> {
            action.run();
            return null;
        });
        final Thread thread = new Thread(task, "ninepin-uninterrupted");
        thread.setDaemon(true);
        thread.start();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    task.get();
                    return;
                } catch (final InterruptedException e) {
                    interrupted = true;
                }
            }
        } catch (final ExecutionException e) {
            throw e.getCause() instanceof IOException known ? known : new IOException(e.getCause());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
