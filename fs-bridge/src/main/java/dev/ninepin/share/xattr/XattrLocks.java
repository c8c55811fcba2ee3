package dev.ninepin.share.xattr;

import dev.ninepin.share.inode.Inode;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;

/**
 * Locks that keep a file's extended attributes from being read while a program on this mount changes them: servers
 * first determine the size of a value, and then read it. Reads share a lock, and a change holds it exclusively, across
 * the views of all users. A fixed number of locks serves all files. A thread holds one at a time, and sends requests
 * under it.
 */
public final class XattrLocks {
    private static final int COUNT = 64;

    private final ReadWriteLock[] locks =
            Stream.generate(ReentrantReadWriteLock::new).limit(COUNT).toArray(ReadWriteLock[]::new);

    /** A held lock, which is released when it is closed. */
    @FunctionalInterface
    interface Held extends AutoCloseable {
        @Override
        void close();
    }

    /** Blocks until no attribute of {@code inode} is being changed, and then prevents changes. */
    Held holdToRead(final Inode inode) {
        return hold(of(inode).readLock());
    }

    /** Blocks until the attributes of {@code inode} are neither read nor changed, and then prevents both. */
    Held holdToChange(final Inode inode) {
        return hold(of(inode).writeLock());
    }

    private ReadWriteLock of(final Inode inode) {
        return locks[(int) (inode.node() % COUNT)];
    }

    private static Held hold(final Lock lock) {
        lock.lock();
        // Not a method reference: the tests instrument the lock and unlock calls in this code (dev.ninepin.locks).
        return () -> lock.unlock();
    }
}
