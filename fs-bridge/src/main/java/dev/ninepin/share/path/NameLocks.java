package dev.ninepin.share.path;

import dev.ninepin.share.inode.Inode;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;

/**
 * The locks that prevent a file from being opened while its name is removed. Whether the file is open decides between a
 * plain removal and a silly rename. An open takes the lock shared; the removal of a name and a close take it
 * exclusively.
 *
 * <p>A few locks serve all files, and a thread holds one at a time. Requests are sent under them. Any thread may call
 * any method.
 */
public final class NameLocks {
    private static final int COUNT = 64;

    private final ReadWriteLock[] locks =
            Stream.generate(ReentrantReadWriteLock::new).limit(COUNT).toArray(ReadWriteLock[]::new);

    /** A lock that is held until it is closed, by the same thread. */
    @FunctionalInterface
    public interface Held extends AutoCloseable {
        @Override
        void close();
    }

    /** Blocks until the lock is held for opening {@code inode}. */
    public Held shared(final Inode inode) {
        return hold(of(inode).readLock());
    }

    /** Blocks until the lock is held for removing a name of {@code inode}, or for closing it. */
    public Held exclusive(final Inode inode) {
        return hold(of(inode).writeLock());
    }

    private ReadWriteLock of(final Inode inode) {
        return locks[(int) (inode.node() % COUNT)];
    }

    private static Held hold(final Lock lock) {
        lock.lock();
        // No method reference: the tests look for the calls of lock and unlock in our code (dev.ninepin.locks).
        return () -> lock.unlock();
    }
}
