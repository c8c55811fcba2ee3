package dev.ninepin.share;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.InterruptedIOException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The renames of files that are under way, for who finds nothing meanwhile; those of directories are the session's
 * ({@link dev.ninepin.session.DirectoryMoves}).
 *
 * <p>Any thread may call any method. The lock guards who is renaming what, and {@link Inode#moves}; nothing is sent and
 * no other lock taken under it.
 */
final class FileMoves {
    /** How many threads are just renaming a file, by its node. */
    @GuardedBy("this")
    private final Map<Long, Integer> movers = new HashMap<>();

    /** How many threads keep a file from being renamed, by its node. */
    @GuardedBy("this")
    private final Map<Long, Integer> holders = new HashMap<>();

    /** A file is being renamed, or kept from that, until this is closed. */
    @FunctionalInterface
    interface Move extends AutoCloseable {
        @Override
        void close();
    }

    /** Announces the rename of a file; to be closed once its record has the new path. Null is no file. */
    Move begin(final @Nullable Inode inode) throws InterruptedIOException {
        if (inode == null) {
            return () -> {};
        }
        synchronized (this) {
            awaitNone(holders, inode);
            movers.merge(inode.node(), 1, Integer::sum);
        }
        return () -> end(inode);
    }

    private synchronized void end(final Inode inode) {
        inode.moves = inode.moves + 1;
        leave(movers, inode);
    }

    /**
     * Keeps a file from being renamed here until this is closed. Blocks while it is being renamed. The caller waits for no
     * other file meanwhile. Null is no file.
     */
    Move hold(final @Nullable Inode inode) throws InterruptedIOException {
        if (inode == null) {
            return () -> {};
        }
        synchronized (this) {
            awaitNone(movers, inode);
            holders.merge(inode.node(), 1, Integer::sum);
        }
        return () -> letGo(inode);
    }

    private synchronized void letGo(final Inode inode) {
        leave(holders, inode);
    }

    /** Returns how often a file was renamed here so far. Takes no lock. */
    static long of(final Inode inode) {
        return inode.moves;
    }

    @GuardedBy("this")
    private void leave(final Map<Long, Integer> counts, final Inode inode) {
        counts.computeIfPresent(inode.node(), (node, count) -> count == 1 ? null : count - 1);
        notifyAll();
    }

    @GuardedBy("this")
    private void awaitNone(final Map<Long, Integer> counts, final Inode inode) throws InterruptedIOException {
        try {
            while (counts.containsKey(inode.node())) {
                wait();
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while the file was renamed");
        }
    }
}
