package dev.ninepin.share;

import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.Call;
import dev.ninepin.session.RemoteException;
import dev.ninepin.session.Session;
import dev.ninepin.session.StaleFileException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Makes sure that a path leads to the file that is meant, before a request changes something over it. Others may have given
 * the file's name to another file since it was looked up, on the server's side or over another mount, and QEMU and diod
 * apply a change to whatever has the path by now ({@code hw/9pfs/9p.c}, v9fs_setattr; diod's {@code ops.c}, diod_setattr).
 *
 * <p>The path of a file or directory that is open here is asked about each time: a program that holds a descriptor means that
 * file, however long ago it was found. A path that nobody holds open comes from the kernel's own look-up, and may be believed
 * as long as a name may ({@link CacheMode#attributes}). With {@code cache=loose}, names only change here.
 *
 * <p>A window remains: between the answer and the server's work on the request. Any thread.
 */
final class PathChecks {
    /** The check of a path that needs none. */
    static final Check DONE = new Check(null, null, 0);

    private final Session session;
    private final Inodes inodes;
    private final CacheMode cache;

    PathChecks(final Session session, final Inodes inodes, final CacheMode cache) {
        this.session = session;
        this.inodes = inodes;
        this.cache = cache;
    }

    /** Asks where a path leads, if that is not known. {@code fid} is on the path, and stays there until the answer. */
    Check begin(final Inode inode, final int fid) {
        final long now = System.nanoTime();
        return isKnown(inode, now) ? DONE : new Check(inode, session.getattr(fid, AttrMask.BASIC), now);
    }

    private boolean isKnown(final Inode inode, final long now) {
        return inode == inodes.root()
                || cache == CacheMode.LOOSE
                || (inode.wasSeenSince(now - cache.attributes().toNanos()) && !inodes.isOpen(inode));
    }

    /** A check that is under way. One thread uses it. */
    static final class Check {
        private final @Nullable Inode inode;
        private final @Nullable Call<Rgetattr> asked;
        private final long since;

        /** Null until the answer is there. */
        private @Nullable Rgetattr answer;

        private @Nullable IOException failure;

        private Check(final @Nullable Inode inode, final @Nullable Call<Rgetattr> asked, final long since) {
            this.inode = inode;
            this.asked = asked;
            this.since = since;
        }

        /** Waits for the answer, whatever it is. */
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
         * Waits for the answer.
         *
         * @throws StaleFileException if the path leads to another file
         * @throws RemoteException ENOENT if it leads nowhere; what else the server answered
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
