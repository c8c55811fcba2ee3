package dev.ninepin.share;

import dev.ninepin.p9.SetattrMask;
import dev.ninepin.p9.Tsetattr;
import dev.ninepin.session.RemoteException;
import dev.ninepin.session.Session;
import java.io.IOException;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lends the owner of a file the permission to write it, for what a descriptor may do although the mode bits forbid it.
 *
 * <p>What a descriptor may do is settled by open(2): a file that is made with mode 0444 can be written and truncated over the
 * descriptor that made it. But servers apply a Tsetattr of the size to the path, and open the path for a second fid. Where the
 * server is an ordinary user, its kernel refuses that. The owner may change the mode, so the bit is set, and taken back at
 * once. A crash in between leaves it set.
 *
 * <p>Any thread may call any method. The lock keeps others from changing a mode that is lent; requests are sent under it.
 */
final class OwnerWrite {
    private static final int S_IWUSR = 0200;

    private static final Logger LOG = LoggerFactory.getLogger(OwnerWrite.class);

    private final Session session;
    private final FilePaths paths;
    private final AttributeReader attributes;
    private final Modes modes;

    /** The modes of all files of a share: shared by those that change one, exclusive to one that is lent. */
    static final class Modes {
        private final ReadWriteLock lock = new ReentrantReadWriteLock();
    }

    OwnerWrite(final Session session, final FilePaths paths, final AttributeReader attributes, final Modes modes) {
        this.session = session;
        this.paths = paths;
        this.attributes = attributes;
        this.modes = modes;
    }

    /** Changes a mode while none is lent. */
    <T> T unlessLent(final FilePaths.Attempt<T> change) throws IOException {
        modes.lock.readLock().lock();
        try {
            return change.run();
        } finally {
            modes.lock.readLock().unlock();
        }
    }

    /**
     * Does once more what the server refused with EACCES or EPERM, while the owner may write the file.
     *
     * @throws RemoteException {@code refusal}, if the permission was not missing or can't be lent
     */
    <T> T lend(final Inode inode, final RemoteException refusal, final FilePaths.Attempt<T> action) throws IOException {
        if (!Errno.isDenial(refusal.errno())) {
            throw refusal;
        }
        modes.lock.writeLock().lock();
        try {
            final int mode = attributes.readOverPath(inode).mode();
            if ((mode & S_IWUSR) != 0) {
                throw refusal;
            }
            try {
                // Not to be interrupted: what is lent must be taken back.
                Uninterrupted.run(() -> setMode(inode, mode | S_IWUSR));
            } catch (final RemoteException e) {
                refusal.addSuppressed(e);
                throw refusal;
            }
            try {
                return action.run();
            } finally {
                Uninterrupted.run(() -> takeBack(inode, mode));
            }
        } finally {
            modes.lock.writeLock().unlock();
        }
    }

    /** Takes the permission back, unless somebody else has changed the mode. A write may have taken set-ID bits meanwhile. */
    private void takeBack(final Inode inode, final int mode) {
        try {
            final int now = attributes.readOverPath(inode).mode();
            if (FileMode.withoutSetId(now) == FileMode.withoutSetId(mode | S_IWUSR)) {
                setMode(inode, now & ~S_IWUSR);
            }
        } catch (final IOException e) {
            LOG.warn(
                    "node {} stays writable for its owner: its mode 0{} could not be restored",
                    inode.node(),
                    Integer.toOctalString(mode),
                    e);
        }
    }

    private void setMode(final Inode inode, final int mode) throws IOException {
        paths.change(inode, fid -> session.setattr(new Tsetattr(fid, SetattrMask.MODE, mode, 0, 0, 0, 0, 0, 0, 0))
                .await());
    }
}
