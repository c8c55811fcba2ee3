package dev.ninepin.fuse;

import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** One thread, for what a mount has to do later; it is there only while something is. Nothing may block it. Any thread. */
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
        // What would come after the end of the mount concerns nobody any more, and that is no error.
        executor.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
    }

    /** Has {@code work} done after so many milliseconds, unless it is cancelled or this closed before. */
    Cancellable after(final long millis, final Runnable work) {
        final var task = executor.schedule(work, millis, TimeUnit.MILLISECONDS);
        return () -> task.cancel(false);
    }

    /** What is to be done later. */
    interface Cancellable {
        /** It need not be done any more; it may be under way. */
        void cancel();
    }

    void close() {
        executor.shutdown();
    }
}
