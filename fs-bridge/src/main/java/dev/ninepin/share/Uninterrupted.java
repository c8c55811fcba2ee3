package dev.ninepin.share;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Does what must not be left half done. An interrupt gives up the request that its thread waits for, and of what was
 * given up nobody knows whether it was done (a diod that was told in time drops the reply). So this has a thread of its
 * own, which nobody interrupts; it is meant for what is rare.
 */
final class Uninterrupted {
    private Uninterrupted() {}

    /** What is to be done. */
    @FunctionalInterface
    interface Action {
        void run() throws IOException;
    }

    /** Returns when it is done; the calling thread's interrupt flag is as if it had done it itself. */
    static void run(final Action action) throws IOException {
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
