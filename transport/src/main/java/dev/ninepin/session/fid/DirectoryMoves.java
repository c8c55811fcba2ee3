package dev.ninepin.session.fid;

import java.io.InterruptedIOException;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The lock and the counter for renames of directories, each of which changes the path of everything below the
 * directory. The server and the fid table learn of a rename at different moments. {@link #beginRename} and {@link #blockRenames} hide
 * this difference from other requests.
 *
 * <ul>
 *   <li>A request that modifies something is sent and answered while no directory is being renamed. A server may carry
 *       such a request out and still answer ENOENT: diod makes a directory and then looks it up ({@code ops.c},
 *       diod_mkdir).
 *   <li>Any other request may overlap a rename. If it finds nothing, it is sent once more while no directory is being
 *       renamed.
 * </ul>
 *
 * <p>Any thread may call any method. The lock is fair, so neither side starves. Requests are sent while it is held. A
 * thread that holds it takes none of the locks that precede it in the lock order. Such a thread waits for another
 * thread only through a request.
 */
public final class DirectoryMoves {
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock(true);

    /** The number of directories renamed so far. Written under the lock of {@link PathFids}, read without a lock. */
    private volatile long moves;

    /** Ends what {@link #beginRename} or {@link #blockRenames} began. The thread that began it closes it. */
    @FunctionalInterface
    public interface Held extends AutoCloseable {
        @Override
        void close();
    }

    /** Returns how many directories have been renamed so far. */
    public long count() {
        return moves;
    }

    /** Returns whether a directory is being renamed at the moment. Does not block. */
    public boolean isRenaming() {
        return lock.isWriteLocked();
    }

    /**
     * Counts a directory that now has its new path. Returns the number of directories renamed so far, including this
     * one. The caller holds the lock of {@link PathFids}.
     */
    @SuppressWarnings("NonAtomicVolatileUpdate")
    long countRename() {
        return ++moves;
    }

    /**
     * Begins the rename of a directory. Blocks until no other thread renames a directory or holds renames off. The
     * caller closes the result after {@link FidTable#setPath}.
     *
     * @throws InterruptedIOException if the thread is interrupted; its interrupt flag stays set
     */
    public Held beginRename() throws InterruptedIOException {
        return take(lock.writeLock());
    }

    /**
     * Prevents this host from renaming directories until the result is closed. Blocks while a directory is being
     * renamed.
     *
     * @throws InterruptedIOException if the thread is interrupted; its interrupt flag stays set
     */
    public Held blockRenames() throws InterruptedIOException {
        return take(lock.readLock());
    }

    private static Held take(final Lock part) throws InterruptedIOException {
        try {
            part.lockInterruptibly();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for the rename of a directory");
        }
        // Not a method reference: the tests (dev.ninepin.locks) instrument our code to see each lock and unlock call.
        return () -> part.unlock();
    }
}
