package dev.ninepin.share;

import dev.ninepin.p9.Rmessage;
import dev.ninepin.p9.SetattrMask;
import dev.ninepin.p9.Tsetattr;
import dev.ninepin.session.RemoteException;
import dev.ninepin.session.Session;
import dev.ninepin.session.StaleFileException;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Changes attributes on the server, as one user. Any thread.
 *
 * <p>A Tsetattr goes over the file's path, once {@link PathChecks} knows that it leads to the file. QEMU up to 10.0 and diod
 * apply a Tsetattr on an open fid to the path as well, to the one that the fid had when it was opened. A server that applies
 * it to the descriptor instead reaches the file wherever its name went: {@link OpenDescriptors} know which.
 */
final class AttributeWriter {
    private final Session session;
    private final FilePaths paths;
    private final AttributeReader attributes;
    private final OpenDescriptors descriptors;
    private final OwnerWrite ownerWrite;
    private final ShareOptions options;

    AttributeWriter(
            final Session session,
            final FilePaths paths,
            final AttributeReader attributes,
            final OpenDescriptors descriptors,
            final OwnerWrite ownerWrite,
            final ShareOptions options) {
        this.session = session;
        this.paths = paths;
        this.attributes = attributes;
        this.descriptors = descriptors;
        this.ownerWrite = ownerWrite;
        this.options = options;
    }

    /**
     * Changes a file. What is left of a file that was removed is changed here. A change of nothing, which is what chown(2)
     * to -1 and -1 is, renews the time of the last change, as it does on a local file.
     *
     * @throws StaleFileException if the file can't be reached any more; no other file was changed then
     */
    void change(final Inode inode, final AttributeChange change) throws IOException {
        change(inode, change, false);
    }

    /** As {@link #change}, over a descriptor: what open(2) allowed is not refused because the mode bits forbid it now. */
    void changeOpen(final OpenFile file, final AttributeChange change) throws IOException {
        change(file.inode(), change, file.isForWriting());
    }

    private void change(final Inode inode, final AttributeChange change, final boolean mayWrite) throws IOException {
        if (change.losesSetId() && change.mode().isEmpty() && mayLoseSetId(inode)) {
            // Now: another client may have changed it.
            final int mode = attributes.read(inode).mode();
            if (FileMode.hasSetIdToLose(mode)
                    && (isAllowed(inode, change.withMode(FileMode.withoutSetId(mode)), mayWrite) || change.isEmpty())) {
                return;
            }
        }
        send(inode, change, mayWrite);
    }

    /**
     * Has the server change the mode as well. That is refused where the server knows who asks, and he may write but is not
     * the owner: the bits go there, by themselves, with what he does.
     */
    private boolean isAllowed(final Inode inode, final AttributeChange change, final boolean mayWrite)
            throws IOException {
        try {
            send(inode, change, mayWrite);
            return true;
        } catch (final RemoteException e) {
            if (!Errno.isDenial(e.errno())) {
                throw e;
            }
            return false;
        }
    }

    private void send(final Inode inode, final AttributeChange change, final boolean mayWrite) throws IOException {
        final OptionalInt uid = ownerToSend(change.uid(), options.uid());
        final OptionalInt gid = ownerToSend(change.gid(), options.gid());
        final int valid = (change.isEmpty() ? SetattrMask.CTIME : 0)
                | (change.mode().isPresent() ? SetattrMask.MODE : 0)
                | (uid.isPresent() ? SetattrMask.UID : 0)
                | (gid.isPresent() ? SetattrMask.GID : 0)
                | (change.size().isPresent() ? SetattrMask.SIZE : 0)
                | timeMask(change.atime(), SetattrMask.ATIME, SetattrMask.ATIME_SET)
                | timeMask(change.mtime(), SetattrMask.MTIME, SetattrMask.MTIME_SET);
        final int uidThere = uid.isPresent() ? options.idMap().ownerThere(uid.getAsInt()) : 0;
        final int gidThere = gid.isPresent() ? options.idMap().groupThere(gid.getAsInt()) : 0;
        if (valid == 0 || inode.changeRemoved(left -> left.changed(Instant.now(), change))) {
            return;
        }
        final int mode = change.mode().isPresent() ? withType(change.mode().getAsInt(), inode) : 0;
        final Timestamp atime = timeOf(change.atime());
        final Timestamp mtime = timeOf(change.mtime());
        inode.data.changing();
        try {
            apply(inode, change, mayWrite, fid -> session.setattr(new Tsetattr(
                            fid,
                            valid,
                            mode,
                            uidThere,
                            gidThere,
                            change.size().orElse(0),
                            atime.seconds(),
                            atime.nanos(),
                            mtime.seconds(),
                            mtime.nanos()))
                    .await());
        } finally {
            inode.data.changed();
        }
    }

    private void apply(
            final Inode inode,
            final AttributeChange change,
            final boolean mayWrite,
            final FilePaths.Use<Rmessage> request)
            throws IOException {
        try {
            if (descriptors.areKnownToTake(change) && descriptors.use(inode, request)) {
                return;
            }
            if (change.mode().isPresent()) {
                ownerWrite.unlessLent(() -> paths.change(inode, request));
            } else {
                paths.change(inode, request);
            }
        } catch (final StaleFileException e) {
            if (!descriptors.take(inode, change) || !descriptors.use(inode, request)) {
                throw e;
            }
        } catch (final RemoteException e) {
            if (!mayWrite || change.size().isEmpty()) {
                throw e;
            }
            ownerWrite.lend(inode, e, () -> paths.change(inode, request));
        }
    }

    /** A file whose data somebody is about to change who must not keep its set-ID bits: loses those, if it has any. */
    void loseSetId(final Inode inode) throws IOException {
        if (mayLoseSetId(inode)) {
            change(inode, AttributeChange.LOSS_OF_SET_ID);
        }
    }

    private boolean mayLoseSetId(final Inode inode) throws IOException {
        return FileMode.hasSetIdToLose(attributes.lastSeen(inode).mode());
    }

    /**
     * QEMU's mapped security models keep the mode just as it is sent ({@code hw/9pfs/9p-local.c}, {@code
     * local_set_xattr}): without the file's type in it, the file would have none from then on.
     */
    private int withType(final int mode, final Inode inode) throws IOException {
        return FileMode.withPermissions(attributes.lastSeen(inode).mode(), mode);
    }

    /** An owner that the share shows for every file can't be changed: to the same one is nothing, to another EPERM. */
    private static OptionalInt ownerToSend(final OptionalInt wanted, final OptionalInt shown) throws ErrnoException {
        if (wanted.isEmpty() || shown.isEmpty()) {
            return wanted;
        }
        if (wanted.getAsInt() != shown.getAsInt()) {
            throw new ErrnoException(Errno.EPERM, "the owner is fixed by uid= or gid=");
        }
        return OptionalInt.empty();
    }

    private static int timeMask(final Optional<AttributeChange.TimeChange> change, final int now, final int given) {
        return change.map(time -> time.time().isPresent() ? now | given : now).orElse(0);
    }

    private static Timestamp timeOf(final Optional<AttributeChange.TimeChange> change) {
        return change.flatMap(AttributeChange.TimeChange::time).orElse(new Timestamp(0, 0));
    }
}
