package dev.ninepin.locks;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;

/** The methods that the classes transformed by {@link LockCalls} call. Any thread may call any method. */
public final class LockWatch {
    static final LockOrder ORDER = new LockOrder();

    private LockWatch() {}

    /**
     * Notes that the current thread is about to take a lock.
     *
     * @param owner the class whose code takes the lock
     */
    public static void taking(final Object lock, final String owner) {
        ORDER.taking(lock, kind(lock, owner));
    }

    /** Takes a lock for the current thread. If the thread is interrupted, it does not hold the lock. */
    public static void lockInterruptibly(final Lock lock, final String owner) throws InterruptedException {
        taking(lock, owner);
        try {
            lock.lockInterruptibly();
        } catch (final InterruptedException e) {
            gave(lock);
            throw e;
        }
    }

    /** Takes a lock for the current thread if it is free. */
    public static boolean tryLock(final Lock lock, final String owner) {
        taking(lock, owner);
        final boolean taken = lock.tryLock();
        if (!taken) {
            gave(lock);
        }
        return taken;
    }

    /** Takes a lock for the current thread, unless it is not free in time or the thread is interrupted. */
    public static boolean tryLock(final Lock lock, final long time, final TimeUnit unit, final String owner)
            throws InterruptedException {
        taking(lock, owner);
        boolean taken = false;
        try {
            taken = lock.tryLock(time, unit);
            return taken;
        } finally {
            if (!taken) {
                gave(lock);
            }
        }
    }

    /** Notes that the current thread releases a lock. */
    public static void gave(final Object lock) {
        ORDER.gave(lock);
    }

    /** Notes that the current thread is about to send a request or wait for an answer. */
    public static void asking() {
        ORDER.asking();
    }

    /**
     * Returns the kind of a lock: its own class if this is a product class, else the class that has the lock as a
     * field.
     */
    private static String kind(final Object lock, final String owner) {
        final String type =
                lock instanceof Class<?> self ? self.getName() : lock.getClass().getName();
        final String name = type.startsWith("dev.ninepin.") ? type : owner;
        return name.substring(name.lastIndexOf('.') + 1);
    }
}
