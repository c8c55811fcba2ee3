package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Tunlinkat;
import dev.ninepin.session.FidTable;
import dev.ninepin.session.FidTable.Lease;
import dev.ninepin.session.PathFid;
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
    private final Unknown unknown;

    /** What the server has refused as unknown, whoever asked. Each is set once, by whichever thread learns it. */
    private static final class Unknown {
        private volatile boolean renameat;
        private volatile boolean unlinkat;
    }

    private NameRequests(final Session session, final FidTable fids, final Unknown unknown) {
        this.session = session;
        this.fids = fids;
        this.unknown = unknown;
    }

    /** Those of the user that the session is attached as. */
    static NameRequests of(final Session session) {
        return new NameRequests(session, session.fids(), new Unknown());
    }

    /** Those of the user whose fids these are, to the same server. */
    NameRequests over(final FidTable his) {
        return new NameRequests(session, his, unknown);
    }

    void rename(final PathFid directory, final ByteString name, final PathFid newDirectory, final ByteString newName)
            throws IOException {
        if (!unknown.renameat) {
            try (Lease from = fids.use(directory);
                    Lease to = fids.use(newDirectory)) {
                session.renameat(from.fid(), name, to.fid(), newName).await();
                return;
            } catch (final RemoteException e) {
                if (!isUnknown(e)) {
                    throw e;
                }
                unknown.renameat = true;
            }
        }
        final int file = fids.walk(directory, name).fid();
        try (Lease to = fids.use(newDirectory)) {
            session.rename(file, to.fid(), newName).await();
        } finally {
            fids.clunk(file);
        }
    }

    /** {@code flags} as those of Tunlinkat. */
    void unlink(final PathFid directory, final ByteString name, final int flags) throws IOException {
        if (!unknown.unlinkat) {
            try (Lease at = fids.use(directory)) {
                session.unlinkat(at.fid(), name, flags).await();
                return;
            } catch (final RemoteException e) {
                if (!isUnknown(e)) {
                    throw e;
                }
                unknown.unlinkat = true;
            }
        }
        final Qid removed = fids.moves().steadily(() -> remove(directory, name, (flags & Tunlinkat.AT_REMOVEDIR) != 0));
        LOG.trace("removed {}, {}", name, removed);
    }

    /** With Tremove; what it was. */
    private Qid remove(final PathFid directory, final ByteString name, final boolean asDirectory) throws IOException {
        final FidTable.Walked file = fids.walk(directory, name);
        if (file.qid().isDirectory() != asDirectory) {
            // Tremove does not care which it is, but unlink(2) and rmdir(2) do.
            fids.clunk(file.fid());
            throw new ErrnoException(asDirectory ? Errno.ENOTDIR : Errno.EISDIR, name + " is of the other kind");
        }
        fids.remove(file.fid());
        return file.qid();
    }

    private static boolean isUnknown(final RemoteException refusal) {
        return refusal.errno() == Errno.EOPNOTSUPP || refusal.errno() == Errno.ENOSYS;
    }
}
