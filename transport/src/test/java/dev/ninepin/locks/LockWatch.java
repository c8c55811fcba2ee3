package dev.ninepin.locks;

import java.util.concurrent.locks.Lock;

/** What the product's classes call, as {@link LockCalls} has made them do. Any thread. */
public final class LockWatch {
    static final LockOrder ORDER = new LockOrder();

    private LockWatch() {}

    /**
     * The current thread is about to take a lock.
     *
     * @param owner the class whose code takes it
     */
    public static void taking(final Object lock, final String owner) {
        ORDER.taking(lock, kind(lock, owner));
    }

    /** Takes a lock for the current thread, which has not got it if it is interrupted. */
    public static void lockInterruptibly(final Lock lock, final String owner) throws InterruptedException {
        taking(lock, owner);
        try {
            lock.lockInterruptibly();
        } catch (final InterruptedException e) {
            gave(lock);
            throw e;
        }
    }

    /** The current thread gives a lock back. */
    public static void gave(final Object lock) {
        ORDER.gave(lock);
    }

    /** The current thread is about to send a request, or to wait for an answer. */
    public static void asking() {
        ORDER.asking();
    }

    /** A class of the product whose instances lock themselves, or else the one that the lock is a field of. */
    private static String kind(final Object lock, final String owner) {
        final String type =
                lock instanceof Class<?> self ? self.getName() : lock.getClass().getName();
        final String name = type.startsWith("dev.ninepin.") ? type : owner;
        return name.substring(name.lastIndexOf('.') + 1);
    }
}
