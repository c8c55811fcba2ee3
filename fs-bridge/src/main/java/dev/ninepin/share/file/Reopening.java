package dev.ninepin.share.file;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.FidTable.Lease;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.attr.OwnerWrite;
import dev.ninepin.share.cache.CachedData;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.OpenFile;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.UserView;
import java.io.IOException;

/**
 * The opener of further fids on open files, with the credentials of the user who opened them. Such a fid is needed for
 * writes with the other setting of APPEND, after the connection has ended, and after the check of the first fid has
 * failed. Any thread may call any method.
 *
 * <p>open(2) has already decided what the descriptor may do, but a server may check the mode bits again. If the server
 * refuses to open for writing, the open is repeated with the owner's write permission lent.
 *
 * <p>A fid that is opened again must be on the same file, and carries no request before this is known. The path must
 * have the file's qid, and lead to the same version of the file before and after the open, as in {@link Opening}. If
 * another qid is found, the open fails with ESTALE. If the versions differ, the file is opened once more, up to {@link
 * #TRIES} times. Then the last open counts, because another client is probably writing to the file.
 *
 * <p>No method waits for {@code PendingWrites}, because these wait for a fid.
 */
final class Reopening implements OpenFile.Opener {
    private static final int TRIES = 4;

    private final Session session;
    private final FidTable fids;
    private final FilePaths paths;
    private final OwnerWrite ownerWrite;
    private final Opening opening;
    private final OpenFiles files;
    private final CacheMode cache;

    Reopening(final UserView view, final OwnerWrite ownerWrite, final Opening opening, final OpenFiles files) {
        this.session = view.session();
        this.fids = view.fids();
        this.paths = view.paths();
        this.cache = view.options().cache();
        this.ownerWrite = ownerWrite;
        this.opening = opening;
        this.files = files;
    }

    @Override
    public OpenFile.Opened open(final Inode inode, final int flags, final boolean again) throws IOException {
        final FilePaths.Attempt<OpenFile.Opened> open = () -> paths.useLease(inode, lease -> {
            try (lease) {
                return again && cache != CacheMode.LOOSE
                        ? openSameFile(inode, lease, flags)
                        : opening.openFid(inode, lease, flags);
            }
        });
        try {
            return open.run();
        } catch (final RemoteException e) {
            if (!OpenFlags.writes(flags)) {
                throw e;
            }
            return ownerWrite.lend(inode, e, open);
        }
    }

    private OpenFile.Opened openSameFile(final Inode inode, final Lease path, final int flags) throws IOException {
        for (int tries = 1; ; tries++) {
            final Rgetattr before = requireSame(inode, attributes(path.fid()));
            final OpenFile.Opened opened = opening.openFid(inode, path, flags);
            try {
                final Rgetattr now = requireSame(inode, attributes(path.fid()));
                if (CachedData.isSameVersion(before, now) || tries == TRIES) {
                    return opened;
                }
            } catch (final IOException | RuntimeException e) {
                fids.clunk(opened.fid());
                throw e;
            }
            fids.clunk(opened.fid());
        }
    }

    private static Rgetattr requireSame(final Inode inode, final Rgetattr reply) throws StaleFileException {
        if (!inode.isSameFile(reply)) {
            throw new StaleFileException("the path of node " + inode.node() + " leads to another file now");
        }
        return reply;
    }

    @Override
    public Rgetattr attributes(final int fid) throws IOException {
        return session.getattr(fid, AttrMask.BASIC).await();
    }

    @Override
    public boolean isLost(final int fid) {
        return fids.isLost(fid);
    }

    @Override
    public void regainLocks(final Inode inode) throws IOException {
        files.regainLocks(inode);
    }

    @Override
    public void clunk(final int fid) {
        fids.clunk(fid);
    }
}
