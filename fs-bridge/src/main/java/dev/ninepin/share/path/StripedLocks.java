package dev.ninepin.share.path;

import dev.ninepin.share.inode.Inode;
import java.io.InterruptedIOException;
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

    /**
     * Blocks until no thread holds the lock of {@code inode} exclusively, and holds it shared.
     *
     * @throws InterruptedIOException if the thread is interrupted; its interrupt flag stays set
     */
    public final Held shared(final Inode inode) throws InterruptedIOException {
        return hold(of(inode).readLock());
    }

    /**
     * Blocks until no other thread holds the lock of {@code inode}, and holds it exclusively.
     *
     * @throws InterruptedIOException if the thread is interrupted; its interrupt flag stays set
     */
    public final Held exclusive(final Inode inode) throws InterruptedIOException {
        return hold(of(inode).writeLock());
    }

    /** Holds the lock of {@code inode} exclusively like {@link #exclusive}, but an interrupt does not end the wait. */
    public final Held exclusiveUninterruptibly(final Inode inode) {
        final Lock lock = of(inode).writeLock();
        lock.lock();
        return () -> lock.unlock();
    }

    private ReadWriteLock of(final Inode inode) {
        return locks[(int) (inode.node() % COUNT)];
    }

    // Not static: to the tests (dev.ninepin.locks), the lock is one of the subclass.
    private Held hold(final Lock lock) throws InterruptedIOException {
        try {
            lock.lockInterruptibly();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while another thread used the file");
        }
        // Not a method reference: the tests instrument the lock and unlock calls in this code.
        return () -> lock.unlock();
    }
}
