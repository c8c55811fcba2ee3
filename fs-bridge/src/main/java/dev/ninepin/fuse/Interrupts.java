package dev.ninepin.fuse;

import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Interrupts requests when the kernel wants it, unless they are answered soon. Any thread.
 *
 * <p>The kernel wants it for every signal that comes to a program that waits, also for those that the program handles,
 * to go on after them: a timer, the end of a child. And a server that is asked to give up a request may be half-way
 * through (QEMU makes the directory, and then says nothing), so that a call fails and was done all the same; no local
 * file system does that to programs. A request that is not answered soon may be stuck, and its program is to be able to
 * end.
 */
final class Interrupts {
    private static final long SOON_MILLIS = 1000;

    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, work -> {
        final Thread thread = new Thread(work, "ninepin-interrupts");
        thread.setDaemon(true);
        return thread;
    });

    Interrupts() {
        // Most mounts never need the thread, and none needs it often.
        timer.setKeepAliveTime(SOON_MILLIS, TimeUnit.MILLISECONDS);
        timer.allowCoreThreadTimeOut(true);
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        // Nobody is left to be interrupted once this is closed, and that is no error.
        timer.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
    }

    /** Interrupts {@code slot}, if it still serves the request of {@code token} then. Returns at once. */
    void schedule(final RequestSlot slot, final long token) {
        final var unused = timer.schedule(() -> slot.interrupt(token), SOON_MILLIS, TimeUnit.MILLISECONDS);
    }

    void close() {
        timer.shutdown();
    }
}
