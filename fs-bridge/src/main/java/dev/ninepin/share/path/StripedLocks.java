package dev.ninepin.share.path;

import dev.ninepin.share.inode.Inode;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;

/**
 * Locks on files that threads hold shared or exclusively, and while they send requests. A few locks serve all files of
 * a share and all its users. Each purpose has a subclass, and a thread holds one lock of each at a time. Any thread may
 * call any method.
 */
public abstract class StripedLocks {
    private static final int COUNT = 64;

    private final ReadWriteLock[] locks =
            Stream.generate(ReentrantReadWriteLock::new).limit(COUNT).toArray(ReadWriteLock[]::new);

    StripedLocks() {}

    /** A lock that is held until it is closed, by the same thread. */
    @FunctionalInterface
    public interface Held extends AutoCloseable {
        @Override
        void close();
    }

    /** Blocks until no thread holds the lock of {@code inode} exclusively, and holds it shared. */
    public final Held shared(final Inode inode) {
        return hold(of(inode).readLock());
    }

    /** Blocks until no other thread holds the lock of {@code inode}, and holds it exclusively. */
    public final Held exclusive(final Inode inode) {
        return hold(of(inode).writeLock());
    }

    private ReadWriteLock of(final Inode inode) {
        return locks[(int) (inode.node() % COUNT)];
    }

    // Not static: to the tests (dev.ninepin.locks), the lock is one of the subclass.
    private Held hold(final Lock lock) {
        lock.lock();
        // Not a method reference: the tests instrument the lock and unlock calls in this code.
        return () -> lock.unlock();
    }
}
