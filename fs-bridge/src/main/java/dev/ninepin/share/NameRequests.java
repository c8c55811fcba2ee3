package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Tunlinkat;
import dev.ninepin.session.FidTable;
import dev.ninepin.session.RemoteException;
import dev.ninepin.session.Session;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renaming and removing, with servers that know Trenameat and Tunlinkat and with those that only know the older Trename
 * and Tremove, such as diod 1.0. Which kind it is, the first refusal tells. Any thread.
 */
final class NameRequests {
    private static final Logger LOG = LoggerFactory.getLogger(NameRequests.class);

    private final Session session;
    private final FidTable fids;
    private final FilePaths paths;
    private final Unknown unknown;

    /** What the server has refused as unknown, whoever asked. Each is set once, by whichever thread learns it. */
    static final class Unknown {
        private volatile boolean renameat;
        private volatile boolean unlinkat;
    }

    /** @param fids of the user whose requests these are */
    NameRequests(final Session session, final FidTable fids, final FilePaths paths, final Unknown unknown) {
        this.session = session;
        this.fids = fids;
        this.paths = paths;
        this.unknown = unknown;
    }

    /** Renames; the caller sees to it that nothing else moves. */
    void rename(final Inode directory, final ByteString name, final Inode newDirectory, final ByteString newName)
            throws IOException {
        if (!unknown.renameat) {
            try {
                paths.withBoth(directory, newDirectory, (from, to) -> session.renameat(from, name, to, newName)
                        .await());
                return;
            } catch (final RemoteException e) {
                if (!isUnknown(e)) {
                    throw e;
                }
                unknown.renameat = true;
            }
        }
        paths.withBoth(directory, newDirectory, (from, to) -> {
            final int file = fids.walk(from, name).fid();
            try {
                return session.rename(file, to, newName).await();
            } finally {
                fids.clunk(file);
            }
        });
    }

    /** Removes a name; the caller sees to it that nothing moves. {@code flags} as those of Tunlinkat. */
    void unlink(final Inode directory, final ByteString name, final int flags) throws IOException {
        final boolean asDirectory = (flags & Tunlinkat.AT_REMOVEDIR) != 0;
        if (!unknown.unlinkat) {
            try {
                paths.inDirectory(directory, at -> {
                    if (session.isGanesha()) {
                        // It does not look at the flags. (Tremove, as below, crashes it.)
                        fids.clunk(walkTo(at, name, asDirectory).fid());
                    }
                    return session.unlinkat(at, name, flags).await();
                });
                return;
            } catch (final RemoteException e) {
                if (!isUnknown(e)) {
                    throw e;
                }
                unknown.unlinkat = true;
            }
        }
        final Qid removed = paths.inDirectory(directory, at -> remove(at, name, asDirectory));
        LOG.trace("removed {}, {}", name, removed);
    }

    /** Removes a name with Tremove, and returns what it was. {@code at} is a fid on its directory. */
    private Qid remove(final int at, final ByteString name, final boolean asDirectory) throws IOException {
        final FidTable.Walked file = walkTo(at, name, asDirectory);
        fids.remove(file.fid());
        return file.qid();
    }

    /** Walks to what is to be removed. A server may not care whether that is a directory, but unlink(2) and rmdir(2) do. */
    private FidTable.Walked walkTo(final int at, final ByteString name, final boolean asDirectory) throws IOException {
        final FidTable.Walked file = fids.walk(at, name);
        if (file.qid().isDirectory() != asDirectory) {
            fids.clunk(file.fid());
            throw new ErrnoException(asDirectory ? Errno.ENOTDIR : Errno.EISDIR, name + " is of the other kind");
        }
        return file;
    }

    private static boolean isUnknown(final RemoteException refusal) {
        return refusal.errno() == Errno.EOPNOTSUPP || refusal.errno() == Errno.ENOSYS;
    }
}
