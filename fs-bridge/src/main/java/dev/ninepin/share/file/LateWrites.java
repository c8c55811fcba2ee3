package dev.ninepin.share.file;

import dev.ninepin.share.cache.PendingWrites;
import java.io.InterruptedIOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends gathered writes that nothing else has sent for a while, on a thread of its own. The thread exists only while
 * there are such writes, or for a short time after. Any thread may call any method.
 */
final class LateWrites {
    private static final Logger LOG = LoggerFactory.getLogger(LateWrites.class);

    /** The longest time that bytes stay gathered, in milliseconds, unless an earlier append is not answered. */
    private static final long MOST_MILLIS = 100;

    private static final long KEPT_MILLIS = 1000;

    /** The files with gathered writes that are not known to be written. */
    private final Set<PendingWrites> files = ConcurrentHashMap.newKeySet();

    /** Whether the next look at {@link #files} is scheduled. */
    private final AtomicBoolean scheduled = new AtomicBoolean();

    private final ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, work -> {
        final Thread thread = new Thread(work, "ninepin-late-writes");
        thread.setDaemon(true);
        return thread;
    });

    LateWrites() {
        executor.setKeepAliveTime(KEPT_MILLIS, TimeUnit.MILLISECONDS);
        executor.allowCoreThreadTimeOut(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        // After the end of the mount there is nothing to send.
        executor.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
    }

    /** Adds a file that has just begun to gather a write. If there can be no thread, sends the write as soon as it may. */
    void add(final PendingWrites file) {
        files.add(file);
        if (!schedule()) {
            try {
                file.sendReady();
            } catch (final InterruptedIOException e) {
                // The bytes stay, and the next operation sends them. So write(2) must not fail.
                LOG.debug("interrupted while sending a gathered write", e);
            }
        }
    }

    /** Returns false if no thread can be started. */
    private boolean schedule() {
        if (scheduled.getAndSet(true)) {
            return true;
        }
        try {
            final Future<?> unused = executor.schedule(this::run, MOST_MILLIS, TimeUnit.MILLISECONDS);
            return true;
        } catch (final OutOfMemoryError e) {
            // What the JVM throws if the system allows no more threads. The task is in the queue nevertheless.
            executor.getQueue().clear();
            scheduled.set(false);
            LOG.debug("no thread can be started to send gathered writes", e);
            return false;
        }
    }

    private void run() {
        scheduled.set(false);
        try {
            sendAll();
            // After a reconnection, no other thread may wait for these writes.
            for (final PendingWrites file : List.copyOf(files)) {
                file.writeLostAgain();
            }
        } catch (final InterruptedIOException e) {
            LOG.debug("interrupted while sending gathered writes", e);
        } finally {
            if (!files.isEmpty()) {
                schedule();
            }
        }
    }

    /**
     * Sends what is gathered and need not wait for the answer to another write. May block until a tag is free.
     *
     * @throws InterruptedIOException if the thread is interrupted; what was not sent stays
     */
    void sendAll() throws InterruptedIOException {
        // A copy, because a file that is added again could be found again.
        for (final PendingWrites file : List.copyOf(files)) {
            // In this order: a write that begins to be gathered meanwhile adds the file again.
            files.remove(file);
            boolean remains = true;
            try {
                remains = file.sendReady();
            } finally {
                if (remains) {
                    files.add(file);
                    // The thread may have found no file meanwhile, and ended.
                    schedule();
                }
            }
        }
    }

    /** Ends the thread. Writes that are gathered are no longer sent by it. */
    void close() {
        executor.shutdown();
    }
}
