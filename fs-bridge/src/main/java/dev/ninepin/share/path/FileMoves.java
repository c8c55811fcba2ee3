package dev.ninepin.share.path;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.share.inode.Inode;
import java.io.InterruptedIOException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The renames of files that this mount has under way, so that a request that finds nothing can tell why. Renames of
 * directories are in {@link dev.ninepin.session.fid.DirectoryMoves}.
 *
 * <p>Any thread may call any method. No request is sent and no other lock is taken under the lock.
 */
public final class FileMoves {
    /** The number of threads that are renaming a file, by node ID. */
    @GuardedBy("this")
    private final Map<Long, Integer> movers = new HashMap<>();

    /** The number of threads that keep a file from being renamed, by node ID. */
    @GuardedBy("this")
    private final Map<Long, Integer> holders = new HashMap<>();

    /** A rename under way, or a hold that prevents renames, until it is closed. */
    @FunctionalInterface
    public interface Move extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Announces the rename of a file. Blocks while other threads prevent renames of the file. The caller closes the
     * result after the file's path fid has the new path. Does nothing for null.
     */
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
        leave(movers, inode);
    }

    /**
     * Prevents renames of a file on this mount until the result is closed. Blocks while the file is being renamed. The
     * caller must not wait for another file meanwhile. Does nothing for null.
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
