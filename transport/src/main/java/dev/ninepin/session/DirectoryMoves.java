package dev.ninepin.session;

import java.io.InterruptedIOException;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The renames of directories, which change the paths of everything below. The server and the table of fids learn of one at
 * different moments; {@link #begin} and {@link #hold} keep that from being seen.
 *
 * <ul>
 *   <li>A request that changes something is sent and answered while no directory is moved: a server may answer ENOENT to one
 *       that it has carried out (diod's {@code ops.c}, diod_mkdir, makes the directory and then looks for it).
 *   <li>Any other request may meet a move. If it finds nothing, it is sent once more while no directory is moved.
 * </ul>
 *
 * <p>Any thread may call any method. The lock is fair, so that neither side waits for ever. Requests are sent under it; a
 * thread that has it takes none of the locks that are taken before it, and waits for no other thread but by a request.
 */
public final class DirectoryMoves {
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock(true);

    /** Counts the directories that were moved. Written under the lock of {@link PathFids}, read without it. */
    private volatile long moves;

    /** Ends what {@link #begin} or {@link #hold} began. The same thread calls it. */
    @FunctionalInterface
    public interface Held extends AutoCloseable {
        @Override
        void close();
    }

    /** Returns how many directories were moved so far. */
    public long count() {
        return moves;
    }

    /** Returns whether a directory is being moved right now. Does not block. */
    public boolean isUnderWay() {
        return lock.isWriteLocked();
    }

    /**
     * Notes that a directory has its new path. Returns how many directories were moved, this one included. The caller has
     * the lock of {@link PathFids}.
     */
    @SuppressWarnings("NonAtomicVolatileUpdate")
    long done() {
        return ++moves;
    }

    /** Announces the move of a directory. The caller ends it after {@link FidTable#moved}. */
    public Held begin() throws InterruptedIOException {
        return take(lock.writeLock());
    }

    /** Keeps directories from being moved here until the end. Blocks while one is. */
    public Held hold() throws InterruptedIOException {
        return take(lock.readLock());
    }

    private static Held take(final Lock part) throws InterruptedIOException {
        try {
            part.lockInterruptibly();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while a directory was renamed");
        }
        // No method reference: the tests see in our code what is locked and unlocked (dev.ninepin.locks).
        return () -> part.unlock();
    }
}
