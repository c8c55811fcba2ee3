package dev.ninepin.share;

import com.google.errorprone.annotations.concurrent.GuardedBy;
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

    /** A file is being renamed until this is closed: it may be at its old path, or at its new one. */
    @FunctionalInterface
    interface Move extends AutoCloseable {
        @Override
        void close();
    }

    /** Says that a file is about to be renamed; to be closed once its record has the new path. Null is no file. */
    Move begin(final @Nullable Inode inode) {
        if (inode == null) {
            return () -> {};
        }
        synchronized (this) {
            movers.merge(inode.node(), 1, Integer::sum);
        }
        return () -> end(inode);
    }

    private synchronized void end(final Inode inode) {
        inode.moves++;
        movers.computeIfPresent(inode.node(), (node, count) -> count == 1 ? null : count - 1);
        notifyAll();
    }

    /** How often a file was renamed here so far. */
    synchronized long of(final Inode inode) {
        return inode.moves;
    }

    /** Whether a file was renamed here since; waits for whoever is just renaming it. */
    synchronized boolean since(final Inode inode, final long before) {
        try {
            while (movers.containsKey(inode.node()) && inode.moves == before) {
                wait();
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        return inode.moves != before;
    }
}
