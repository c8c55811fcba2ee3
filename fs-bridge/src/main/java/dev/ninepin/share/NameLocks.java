package dev.ninepin.share;

import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;

/**
 * Keeps a file from being opened while its name is taken away: whether it is open decides what becomes of it. Shared by
 * those that open a file, exclusive to those that remove its name or close it. A few locks serve all files; a thread
 * holds one at a time. Requests are sent under it.
 */
final class NameLocks {
    private static final int COUNT = 64;

    private final ReadWriteLock[] locks =
            Stream.generate(ReentrantReadWriteLock::new).limit(COUNT).toArray(ReadWriteLock[]::new);

    /** A lock that is held. */
    @FunctionalInterface
    interface Held extends AutoCloseable {
        @Override
        void close();
    }

    /** For opening {@code inode}. */
    Held shared(final Inode inode) {
        return hold(of(inode).readLock());
    }

    /** For taking a name of {@code inode} away, and for closing it. */
    Held exclusive(final Inode inode) {
        return hold(of(inode).writeLock());
    }

    private ReadWriteLock of(final Inode inode) {
        return locks[(int) (inode.node() % COUNT)];
    }

    private static Held hold(final Lock lock) {
        lock.lock();
        // No method reference: the tests see in our code what is locked and unlocked (dev.ninepin.locks).
        return () -> lock.unlock();
    }
}
