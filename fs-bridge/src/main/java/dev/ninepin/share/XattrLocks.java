package dev.ninepin.share;

import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;

/**
 * Keeps a file's extended attributes from being read while a program here changes them: servers first ask for the size of a
 * value and then for its bytes. Shared by the readers, exclusive to a writer, whichever user's view they go through. A few
 * locks serve all files; a thread holds one at a time. Requests are sent under it.
 */
final class XattrLocks {
    private static final int COUNT = 64;

    private final ReadWriteLock[] locks =
            Stream.generate(ReentrantReadWriteLock::new).limit(COUNT).toArray(ReadWriteLock[]::new);

    /** A lock that is held. */
    @FunctionalInterface
    interface Held extends AutoCloseable {
        @Override
        void close();
    }

    /** Waits until no attribute of {@code inode} is being changed, and keeps them as they are. */
    Held holdToRead(final Inode inode) {
        return hold(of(inode).readLock());
    }

    /** Waits until nobody uses the attributes of {@code inode}, and keeps others away. */
    Held holdToChange(final Inode inode) {
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
