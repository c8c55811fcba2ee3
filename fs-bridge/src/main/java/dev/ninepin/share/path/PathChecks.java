package dev.ninepin.share.path;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.FidTable.Lease;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The checks that a path leads to the intended file, made before a request changes something over the path. Since the
 * file was looked up, a program on the server or another client may have given its name to another file. QEMU and diod
 * apply the change to any file that has the path ({@code hw/9pfs/9p.c}, v9fs_setattr; diod's {@code ops.c},
 * diod_setattr).
 *
 * <p>When a check is sent:
 *
 * <ul>
 *   <li>For a file or directory that is open on this mount, always. A program with a descriptor means that file,
 *       however long ago the file was looked up.
 *   <li>For a file that is not open, once the last look at the path is older than the timeout of names, or than that of
 *       the cache mode if it is shorter ({@link CacheMode#attributes}). The kernel's own lookup is recent enough until
 *       then.
 *   <li>For the share's root, never. With {@code cache=loose}, never for any file: only this mount changes names.
 * </ul>
 *
 * <p>A window remains between the reply to the check and the server's work on the request. Any thread may call any
 * method.
 */
final class PathChecks {
    /** The check of a path that needs none. */
    static final Check DONE = new Check(null, null, 0);

    private final Session session;
    private final Inodes inodes;
    private final CacheMode cache;
    private final long validNanos;

    PathChecks(final SharedState shared) {
        this.session = shared.session();
        this.inodes = shared.inodes();
        this.cache = shared.options().cache();
        this.validNanos = Math.min(
                cache.attributes().toNanos(),
                shared.options().timeouts().names().toNanos());
    }

    /**
     * Asks the server which file a path leads to, unless the path need not be checked or the fid was just made.
     *
     * @param lease the fid on the path, which stays pinned until the check is settled
     * @param now a {@link System#nanoTime} from before the lease was taken
     */
    Check begin(final Inode inode, final Lease lease, final long now) {
        if (lease.isNew()) {
            inode.seenOverPath(now);
            return DONE;
        }
        return isKnown(inode, now) ? DONE : new Check(inode, session.getattr(lease.fid(), AttrMask.BASIC), now);
    }

    /**
     * Returns whether a path need not be checked.
     *
     * @param now the present {@link System#nanoTime}
     */
    boolean isKnown(final Inode inode, final long now) {
        return inode == inodes.root()
                || cache == CacheMode.LOOSE
                || (inode.wasSeenSince(now - validNanos) && !inode.open.isOpen());
    }

    /** A check whose reply may be outstanding. Used by one thread. */
    static final class Check {
        private final @Nullable Inode inode;
        private final @Nullable Call<Rgetattr> asked;
        private final long since;

        /** The reply; null until it has arrived. */
        private @Nullable Rgetattr answer;

        private @Nullable IOException failure;

        private Check(final @Nullable Inode inode, final @Nullable Call<Rgetattr> asked, final long since) {
            this.inode = inode;
            this.asked = asked;
            this.since = since;
        }

        /** Waits for the reply, and keeps a failure for {@link #require}. */
        void settle() {
            if (asked == null || answer != null || failure != null) {
                return;
            }
            try {
                answer = asked.await();
            } catch (final IOException e) {
                failure = e;
            }
        }

        /**
         * Waits for the reply, and fails unless the path leads to the file.
         *
         * @throws StaleFileException if the path leads to another file
         * @throws RemoteException ENOENT if the path leads nowhere, or another error from the server
         */
        void require() throws IOException {
            settle();
            if (failure != null) {
                throw failure;
            }
            if (inode == null || answer == null) {
                return;
            }
            if (!inode.isSameFile(answer)) {
                throw new StaleFileException("the path of node " + inode.node() + " leads to another file now");
            }
            inode.seenOverPath(since);
        }
    }
}
