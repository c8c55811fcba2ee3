package dev.ninepin.share.dir;

import dev.ninepin.operations.Errno;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.attr.EarlyAttributes;
import dev.ninepin.share.cache.ExpectedFile;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.path.FidOpening;
import dev.ninepin.share.path.UserView;
import java.io.IOException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The requests by which one user opens a directory. Any thread may call any method.
 *
 * @param view the user who opens the directory
 */
record DirectoryRequests(Inode inode, UserView view, AttributeReader attributes) {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryRequests.class);

    /** Returns the user's server ID. */
    int user() {
        return view.user();
    }

    /** Opens the directory, and returns the fid, which the caller owns. */
    int open() throws IOException {
        final FidOpening opening = new FidOpening(view.session(), view.options().accessTimes());
        return view.paths().copy(inode, copy -> {
            opening.directory(copy);
            return copy;
        });
    }

    /**
     * Opens the directory like {@link #open}, after a check that the path still leads to it.
     *
     * @throws StaleFileException if the path leads to another directory
     */
    int openLater() throws IOException {
        attributes.readOverPath(inode);
        return open();
    }

    /**
     * Requests the version of the directory without waiting for the reply, unless it is not wanted or the path has no
     * fid. The caller settles the result.
     */
    EarlyAttributes requestVersion(final boolean isWanted) throws IOException {
        return attributes.requestEarly(isWanted ? Optional.of(inode) : Optional.empty());
    }

    /** Returns the version that the directory has now; empty if the path does not lead to it. */
    Optional<Rgetattr> version() throws IOException {
        try {
            attributes.readOverPath(inode);
        } catch (final StaleFileException | RemoteException e) {
            LOG.trace("no version of node {}", inode.node(), e);
            return Optional.empty();
        }
        return Optional.ofNullable(inode.attributes());
    }

    /**
     * Returns whether the directory on the server is as expected, for fsync(2). If the connection ends meanwhile,
     * begins again. Returns false if the user may not search the directory.
     */
    boolean isAsExpected(final ExpectedFile expected) throws IOException {
        try {
            return view.session().repeatIfLost(() -> expected.isAt(new Server()));
        } catch (final RemoteException e) {
            LOG.debug("node {} can't be compared", inode.node(), e);
            return false;
        }
    }

    private final class Server implements ExpectedFile.DirectoryServer {
        @Override
        public Rgetattr attributes() throws IOException {
            return view.paths().use(inode, fid -> view.session()
                    .getattr(fid, AttrMask.BASIC)
                    .await());
        }

        @Override
        public Optional<Qid> find(final ByteString name) throws IOException {
            try {
                final FidTable.Walked walked = view.paths().walk(inode, name);
                view.fids().clunk(walked.fid());
                return Optional.of(walked.qid());
            } catch (final RemoteException e) {
                if (e.errno() == Errno.ENOENT) {
                    return Optional.empty();
                }
                throw e;
            }
        }
    }
}
