package dev.ninepin.fuse.server;

import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A thread that runs a mount's delayed tasks. It exists only while there are tasks, or for a short time after; a task
 * must not block. Any thread may call any method.
 */
final class Timer {
    private static final long KEPT_MILLIS = 1000;

    private final ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, work -> {
        final Thread thread = new Thread(work, "ninepin-timer");
        thread.setDaemon(true);
        return thread;
    });

    Timer() {
        executor.setKeepAliveTime(KEPT_MILLIS, TimeUnit.MILLISECONDS);
        executor.allowCoreThreadTimeOut(true);
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        // A task that is submitted after the end of the mount is dropped silently, which is no error.
        executor.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
    }

    /**
     * Runs {@code work} on the timer's thread after {@code millis}, unless it is cancelled or the timer is closed
     * before.
     */
    Cancellable schedule(final long millis, final Runnable work) {
        final var task = executor.schedule(work, millis, TimeUnit.MILLISECONDS);
        return () -> task.cancel(false);
    }

    /** A task that is scheduled and can be cancelled. */
    interface Cancellable {
        /** Cancels the task if it has not started. Does not wait for a task that is running. */
        void cancel();
    }

    /** Discards the tasks that have not started, and ends the thread. */
    void close() {
        executor.shutdown();
    }
}
