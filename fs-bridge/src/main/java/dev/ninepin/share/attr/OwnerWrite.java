package dev.ninepin.share.attr;

import dev.ninepin.operations.Errno;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.SetattrMask;
import dev.ninepin.p9.Tsetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.inode.FileMode;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.ModeLocks;
import dev.ninepin.share.path.StripedLocks;
import dev.ninepin.share.path.Uninterrupted;
import dev.ninepin.share.path.UserView;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Temporary write permission for the owner of a file, for operations that a descriptor allows although the mode forbids
 * them.
 *
 * <p>open(2) decides what a descriptor allows: a file created with mode 0444 can be written and truncated over the
 * descriptor that created it. But servers apply a Tsetattr of the size to the path, and a second fid needs another open
 * of the path. If the server runs as an ordinary user, its kernel refuses both. The owner may change the mode, so this
 * class sets the bit and clears it right afterwards. A crash in between leaves it set.
 *
 * <p>Any thread may call any method. {@link ModeLocks} prevent other changes of the mode on this mount during the
 * operation.
 */
public final class OwnerWrite {
    private static final int S_IWUSR = 0200;

    private static final Logger LOG = LoggerFactory.getLogger(OwnerWrite.class);

    private final Session session;
    private final FilePaths paths;
    private final ModeLocks locks;

    public OwnerWrite(final UserView view) {
        this.session = view.session();
        this.paths = view.paths();
        this.locks = view.shared().modeLocks();
    }

    /** Runs a change of a file's mode while the mode is not temporarily changed. Blocks until then. */
    <T> T runWhileUnmodified(final Inode inode, final FilePaths.Attempt<T> change) throws IOException {
        try (StripedLocks.Held held = locks.shared(inode)) {
            return change.run();
        }
    }

    /**
     * Runs an action again that the server refused with EACCES or EPERM, with write permission for the file's owner.
     *
     * @param refusal the server's refusal of the first attempt
     * @throws RemoteException {@code refusal}, if the permission was not missing or could not be given
     */
    public <T> T lend(final Inode inode, final RemoteException refusal, final FilePaths.Attempt<T> action)
            throws IOException {
        if (!Errno.isDenial(refusal.errno())) {
            throw refusal;
        }
        try (StripedLocks.Held held = locks.exclusive(inode)) {
            final int mode = modeOf(inode);
            if ((mode & S_IWUSR) != 0) {
                throw refusal;
            }
            try {
                // Uninterrupted, since a set bit must be cleared again.
                Uninterrupted.run(() -> setMode(inode, mode | S_IWUSR));
            } catch (final RemoteException e) {
                refusal.addSuppressed(e);
                throw refusal;
            } catch (final IOException e) {
                // The server may nevertheless have set the bit.
                Uninterrupted.run(() -> takeBack(inode, mode));
                throw e;
            }
            try {
                return action.run();
            } finally {
                Uninterrupted.run(() -> takeBack(inode, mode));
            }
        }
    }

    /**
     * Clears the bit, unless another client has changed the mode. The action may have cleared set-ID bits, which
     * therefore stay as they are. If the connection ends, tries again after the next reconnection.
     */
    private void takeBack(final Inode inode, final int mode) {
        try {
            final int now = modeOf(inode);
            if (FileMode.withoutSetId(now) == FileMode.withoutSetId(mode | S_IWUSR)) {
                setMode(inode, now & ~S_IWUSR);
            }
        } catch (final IOException e) {
            if (!(e instanceof RemoteException)) {
                session.runOnceAfterReconnection(() -> takeBackLater(inode, mode));
            }
            LOG.warn(
                    "cannot restore mode 0{} of node {}: the file stays writable for its owner",
                    Integer.toOctalString(mode),
                    inode.node(),
                    e);
        }
    }

    private void takeBackLater(final Inode inode, final int mode) {
        try (StripedLocks.Held held = locks.exclusiveUninterruptibly(inode)) {
            takeBack(inode, mode);
        }
    }

    /** Requests the mode. Does not wait for pending writes of the file, because these may wait for the action. */
    private int modeOf(final Inode inode) throws IOException {
        final Rgetattr reply =
                paths.use(inode, fid -> session.getattr(fid, AttrMask.BASIC).await());
        if (!inode.isSameFile(reply)) {
            throw new StaleFileException("the path of node " + inode.node() + " leads to another file now");
        }
        return reply.mode();
    }

    private void setMode(final Inode inode, final int mode) throws IOException {
        paths.setAttributes(inode, fid -> new Tsetattr(fid, SetattrMask.MODE, mode, 0, 0, 0, 0, 0, 0, 0));
    }
}
