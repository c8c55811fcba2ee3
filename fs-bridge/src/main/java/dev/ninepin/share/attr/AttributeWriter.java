package dev.ninepin.share.attr;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.operations.Timestamp;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.SetattrMask;
import dev.ninepin.p9.Tsetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.inode.FileMode;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.inode.OpenFile;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.NameLocks;
import dev.ninepin.share.path.UserView;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntFunction;

/**
 * Changes attributes on the server, on behalf of one user. Any thread may call any method.
 *
 * <p>A Tsetattr is sent over the file's path, after {@code PathChecks} has verified that the path leads to the file.
 * QEMU up to 10.0 and diod would use a path for an open fid as well, the one under which it was opened. Other servers
 * use the descriptor of an open fid, and so reach the file wherever it was renamed to. {@link OpenDescriptors} finds
 * out which.
 */
public final class AttributeWriter {
    private final Session session;
    private final Inodes inodes;
    private final NameLocks locks;
    private final FilePaths paths;
    private final AttributeReader attributes;
    private final OpenDescriptors descriptors;
    private final OwnerWrite ownerWrite;
    private final ShareOptions options;
    private final ChangePrediction prediction;

    public AttributeWriter(
            final UserView view,
            final AttributeReader attributes,
            final OpenDescriptors descriptors,
            final OwnerWrite ownerWrite) {
        this.session = view.session();
        this.inodes = view.inodes();
        this.locks = view.shared().nameLocks();
        this.paths = view.paths();
        this.options = view.options();
        this.prediction = new ChangePrediction(options);
        this.attributes = attributes;
        this.descriptors = descriptors;
        this.ownerWrite = ownerWrite;
    }

    /**
     * Changes a file's attributes. For a file that was removed on this mount, changes what is remembered of it ({@link
     * Removed}).
     *
     * <p>An empty change, which is what chown(2) to -1 and -1 sends, sets the file's ctime to now, as on a local file.
     *
     * @throws StaleFileException if the file cannot be reached; no other file was changed then
     * @throws ErrnoException EPERM for a new owner or group if {@code uid=} or {@code gid=} fixes it; EOVERFLOW if it
     *     has no ID on the server
     */
    public void change(final Inode inode, final AttributeChange change) throws IOException {
        change(inode, change, false);
    }

    /**
     * Like {@link #change}, through a descriptor: a new size that open(2) allowed is not refused because the mode bits
     * forbid it now.
     */
    public void changeOpen(final OpenFile file, final AttributeChange change) throws IOException {
        change(file.inode(), change, file.isForWriting());
    }

    /**
     * Changes a file's attributes like {@link #change}. Returns the attributes after the change, which may be
     * predicted.
     */
    public Attributes changeAndShow(final Inode inode, final AttributeChange change) throws IOException {
        return changeAndShow(inode, change, false);
    }

    /** Changes attributes through a descriptor like {@link #changeOpen}. Returns the attributes after the change. */
    public Attributes changeAndShowOpen(final OpenFile file, final AttributeChange change) throws IOException {
        return changeAndShow(file.inode(), change, file.isForWriting());
    }

    private Attributes changeAndShow(final Inode inode, final AttributeChange change, final boolean mayWrite)
            throws IOException {
        // Counts as requested before the change, so that other requests treat the reply as outdated.
        final Inode.Asked asked = attributes.beginRequest(inode);
        final Optional<Rgetattr> after = prediction.after(inode, change);
        change(inode, change, mayWrite);
        return after.isEmpty() || inode.removed().isPresent()
                ? attributes.read(inode)
                : attributes.recordReply(inode, after.get(), asked).asPrediction();
    }

    /** Implements {@code FileOperations.changeNothing}. */
    public Attributes changeNothing(final Caller caller, final Inode inode) throws IOException {
        final Attributes file = attributes.read(inode);
        if (FileMode.hasSetIdToLose(file.mode())
                && caller.uid() != file.uid()
                && !Access.isAllowed(caller, file, Access.WRITE)) {
            return file;
        }
        change(inode, AttributeChange.LOSS_OF_SET_ID);
        return attributes.read(inode);
    }

    private void change(final Inode inode, final AttributeChange change, final boolean mayWrite) throws IOException {
        if (change.losesSetId() && change.mode().isEmpty() && mayLoseSetId(inode)) {
            // Read from the server: another client may have changed the mode.
            final int mode = attributes.read(inode).mode();
            if (FileMode.hasSetIdToLose(mode)
                    && (isAllowed(inode, change.withMode(FileMode.withoutSetId(mode)), mayWrite) || change.isEmpty())) {
                return;
            }
        }
        send(inode, change, mayWrite);
    }

    /**
     * Sends a change that also removes the set-ID bits. Returns false if the server refuses it because the user may
     * write the file but does not own it. The server then removes the bits itself with the user's change.
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

    /** Sends a change as it is, or applies it to what is remembered of a removed file. */
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
        final int uidThere = uid.isPresent() ? options.idMap().toServerOwner(uid.getAsInt()) : 0;
        final int gidThere = gid.isPresent() ? options.idMap().toServerGroup(gid.getAsInt()) : 0;
        if (valid == 0 || inode.changeRemoved(left -> left.changed(Instant.now(), change))) {
            return;
        }
        final int mode = change.mode().isPresent() ? withType(change.mode().getAsInt(), inode) : 0;
        final Timestamp atime = timeOf(change.atime());
        final Timestamp mtime = timeOf(change.mtime());
        // A write after this change would undo a new size, a new time or the loss of set-ID bits.
        inode.pending.await();
        if (inode.isDirectory() && (change.atime().isPresent() || change.mtime().isPresent())) {
            awaitRemovals(inode);
        }
        inode.pages.beginChange();
        try {
            inode.open.awaitChecks();
            session.repeatIfLost(() -> apply(
                    inode,
                    change,
                    mayWrite,
                    fid -> new Tsetattr(
                            fid,
                            valid,
                            mode,
                            uidThere,
                            gidThere,
                            change.size().orElse(0),
                            atime.seconds(),
                            atime.nanos(),
                            mtime.seconds(),
                            mtime.nanos())));
        } finally {
            inode.pages.endChange();
        }
    }

    /**
     * Blocks while silly-renamed files are removed from a directory: a removal after the change would undo new times.
     * The kernel does not wait for a removal, since close(2) returns before it.
     */
    private void awaitRemovals(final Inode directory) throws InterruptedIOException {
        for (final Inode inode : inodes.asideIn(directory)) {
            locks.exclusive(inode).close();
        }
    }

    /** Sends a Tsetattr over the path or an open fid, whichever is sure to reach the file. Returns the inode. */
    private Inode apply(
            final Inode inode,
            final AttributeChange change,
            final boolean mayWrite,
            final IntFunction<Tsetattr> request)
            throws IOException {
        try {
            if (descriptors.isKnownToApplyToDescriptor(change) && descriptors.set(inode, request)) {
                return inode;
            }
            if (change.mode().isPresent()) {
                ownerWrite.runWhileUnmodified(inode, () -> paths.setAttributes(inode, request));
            } else {
                paths.setAttributes(inode, request);
            }
        } catch (final StaleFileException e) {
            if (!descriptors.appliesToDescriptor(inode, change) || !descriptors.set(inode, request)) {
                throw e;
            }
        } catch (final RemoteException e) {
            if (!mayWrite || change.size().isEmpty()) {
                throw e;
            }
            ownerWrite.lend(inode, e, () -> paths.setAttributes(inode, request));
        }
        return inode;
    }

    /** Removes a file's set-ID bits, if it has any, before a program without CAP_FSETID changes its data. */
    public void loseSetId(final Inode inode) throws IOException {
        if (mayLoseSetId(inode)) {
            change(inode, AttributeChange.LOSS_OF_SET_ID);
        }
    }

    private boolean mayLoseSetId(final Inode inode) throws IOException {
        return FileMode.hasSetIdToLose(attributes.lastSeen(inode).mode());
    }

    /**
     * Returns permission bits with the file's type. QEMU's mapped security models store the mode exactly as it is sent
     * ({@code hw/9pfs/9p-local.c}, {@code local_set_xattr}); without the type bits, the file would have no type from
     * then on.
     */
    private int withType(final int mode, final Inode inode) throws IOException {
        return FileMode.withPermissions(attributes.lastSeen(inode).mode(), mode);
    }

    /**
     * Returns the owner to send; empty if there is none to send. If the share shows a fixed owner for every file, a
     * change to that owner does nothing, and a change to any other fails with EPERM.
     */
    private static OptionalInt ownerToSend(final OptionalInt wanted, final OptionalInt shown) throws ErrnoException {
        if (wanted.isEmpty() || shown.isEmpty()) {
            return wanted;
        }
        if (wanted.getAsInt() != shown.getAsInt()) {
            throw new ErrnoException(Errno.EPERM, "cannot change the owner: uid= or gid= sets it for all files");
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
