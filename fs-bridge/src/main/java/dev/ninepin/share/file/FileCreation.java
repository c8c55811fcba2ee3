package dev.ninepin.share.file;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Created;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rlcreate;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.exchange.SessionEndedException;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.attr.Access;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.attr.AttributeWriter;
import dev.ninepin.share.inode.FileMode;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.inode.OpenFile;
import dev.ninepin.share.name.NameLookup;
import dev.ninepin.share.name.NewFiles;
import dev.ninepin.share.name.PutAside;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.Uninterrupted;
import dev.ninepin.share.path.UnsyncedFiles;
import dev.ninepin.share.path.UserView;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;

/** Creates regular files and opens them, on behalf of one user. Any thread may call any method. */
public final class FileCreation {
    private static final int S_IFREG = 0100000;
    private static final int CREATE_TRIES = 8;

    private final Session session;
    private final FidTable fids;
    private final Inodes inodes;
    private final FilePaths paths;
    private final UnsyncedFiles unsynced;
    private final NameLookup lookup;
    private final AttributeReader attributes;
    private final AttributeWriter writer;
    private final NewFiles newFiles;
    private final PutAside putAside;
    private final Opening opening;
    private final OpenFiles files;

    public FileCreation(
            final UserView view,
            final NameLookup lookup,
            final AttributeReader attributes,
            final AttributeWriter writer,
            final NewFiles newFiles,
            final PutAside putAside,
            final Opening opening,
            final OpenFiles files) {
        this.session = view.session();
        this.fids = view.fids();
        this.inodes = view.inodes();
        this.paths = view.paths();
        this.unsynced = view.shared().unsynced();
        this.lookup = lookup;
        this.attributes = attributes;
        this.writer = writer;
        this.newFiles = newFiles;
        this.putAside = putAside;
        this.opening = opening;
        this.files = files;
    }

    /**
     * Creates a regular file and opens it, or opens the file that already has the name.
     *
     * <p>The first request always creates exclusively. The reply therefore tells the two cases apart: the caller's new
     * file, or an existing file, which is then opened as it is.
     *
     * @throws IOException with EEXIST if the name is taken and {@code flags} contain EXCL; with ESTALE if the kernel
     *     must check the existing file first ({@link #requireOwn})
     */
    public Created create(
            final Caller caller,
            final Inode directory,
            final ByteString name,
            final int flags,
            final int mode,
            final KernelCache kernel)
            throws IOException {
        for (int tries = 1; ; tries++) {
            try {
                return createNew(caller, directory, name, flags, mode, inode -> {});
            } catch (final RemoteException | ErrnoException e) {
                if (Errno.of(e) != Errno.EEXIST || (flags & OpenFlags.EXCL) != 0) {
                    throw e;
                }
            }
            try {
                return openExisting(caller, directory, name, flags, kernel);
            } catch (final RemoteException | StaleFileException e) {
                // The name was taken, and then it was gone: another client keeps removing the file.
                if ((Errno.of(e) != Errno.ENOENT && Errno.of(e) != Errno.ESTALE) || tries == CREATE_TRIES) {
                    throw e;
                }
            }
        }
    }

    /**
     * Creates and opens a file that programs see without a name (O_TMPFILE). On the server it has a hidden name, as a
     * file has that was removed while open ({@link PutAside}).
     */
    public Created createUnnamed(final Caller caller, final Inode directory, final int flags, final int mode)
            throws IOException {
        final ByteString name = putAside.newName(directory);
        try {
            return createNew(
                    caller,
                    directory,
                    name,
                    flags | OpenFlags.EXCL,
                    mode,
                    inode -> putAside.recordAside(inode, directory, name));
        } catch (final RemoteException | ErrnoException | StaleFileException e) {
            // After any other failure it is unknown whether the server created the file, so the note of its name stays.
            putAside.forget(name);
            throw e;
        }
    }

    /**
     * Creates a file exclusively and opens it.
     *
     * @param made called with the new inode before anything else is done with the file
     */
    private Created createNew(
            final Caller caller,
            final Inode directory,
            final ByteString name,
            final int flags,
            final int mode,
            final Consumer<Inode> made)
            throws IOException {
        final NewFiles.Plan plan = newFiles.plan(caller, directory, name, mode | S_IFREG);
        final int wanted = flags & Opening.FLAGS_TO_SEND;
        newFiles.requireAbsentWhereUnchecked(directory, name);
        final Inode.Asked asked = attributes.beginRequest(Optional.empty());
        final Answer answer = paths.lostChanges()
                .settle(
                        () -> paths.createOverCopy(
                                directory,
                                name,
                                fid -> new Answer(
                                        fid,
                                        session.lcreate(fid, name, wanted | OpenFlags.EXCL, plan.mode(), plan.group())
                                                .await()),
                                created -> created.reply().qid()),
                        lost -> lookAfterLoss(directory, name, flags, lost));
        final Qid qid = answer.reply().qid();
        final Inode inode;
        final long handle;
        try {
            inode = inodes.recordCreated(directory, name, qid, newFiles.identify(plan, qid));
            made.accept(inode);
            handle = opening.addCreated(
                    inode, new OpenFile.Opened(answer.fid(), answer.reply().iounit()), wanted);
        } catch (final RuntimeException e) {
            fids.clunk(answer.fid());
            throw e;
        }
        // So that fsync(2) of the new file reports a loss of the file itself. Over another connection, the path is
        // walked again before the file is synced.
        unsynced.note(inode, session.connection(), expected -> {});
        final Uninterrupted.Action release = () -> files.release(handle);
        final Entry entry = newFiles.isPredictable(plan, qid)
                ? newFiles.completePredicted(plan, inode, qid, 0, asked, release)
                : newFiles.complete(plan, inode, file -> attributes.read(file, files.get(handle)), release);
        return new Created(entry, handle);
    }

    /**
     * Decides about a Tlcreate whose connection ended before the answer. Returns empty if no file has the name.
     *
     * @throws ErrnoException EEXIST if a file has the name and the open has no EXCL; the caller then opens that file
     * @throws UnknownOutcomeException if a file has the name and the open has EXCL
     */
    private Optional<Answer> lookAfterLoss(
            final Inode directory, final ByteString name, final int flags, final SessionEndedException lost)
            throws IOException {
        if (paths.lostChanges().find(directory, name).isEmpty()) {
            return Optional.empty();
        }
        if ((flags & OpenFlags.EXCL) != 0) {
            throw paths.lostChanges().unknown("create", directory, name, lost);
        }
        throw new ErrnoException(Errno.EEXIST, name + " exists after the reconnection");
    }

    /** The open fid of a new file, and the server's reply. */
    private record Answer(int fid, Rlcreate reply) {}

    /**
     * Opens a file that another client or program created since the kernel's lookup, and truncates it if {@code flags}
     * say so.
     */
    private Created openExisting(
            final Caller caller,
            final Inode directory,
            final ByteString name,
            final int flags,
            final KernelCache kernel)
            throws IOException {
        final Entry found = lookup.lookup(directory, name);
        try {
            final Inode inode = inodes.get(found.node());
            if (inode.isDirectory()) {
                // Some servers, QEMU among them, open a directory for writing.
                throw new ErrnoException(Errno.EISDIR, name + " is a directory");
            } else if (!FileMode.isRegularFile(found.attributes().mode())) {
                // The kernel looks the name up once more, and then follows the link or opens the FIFO itself. In QEMU's
                // mapped security models these are regular files on the host, which could be opened and written.
                throw new ErrnoException(Errno.ESTALE, name + " is no regular file");
            }
            requireOwn(caller, name, found.attributes(), flags);
            final long handle = opening.open(inode, flags, kernel);
            if ((flags & OpenFlags.TRUNC) == 0) {
                return new Created(found, handle);
            }
            try {
                writer.changeOpen(files.get(handle), AttributeChange.size(0));
                return new Created(new Entry(found.node(), attributes.read(inode)), handle);
            } catch (final IOException | RuntimeException e) {
                files.release(handle);
                throw e;
            }
        } catch (final IOException | RuntimeException e) {
            inodes.forget(found.node(), 1);
            throw e;
        }
    }

    /**
     * Fails with ESTALE if the kernel must check the permissions of an existing file itself.
     *
     * <p>The kernel treats a file from a FUSE create as new and checks nothing: neither its mode nor the restrictions
     * on opens in sticky directories ({@code fs/namei.c}, do_open). ESTALE makes the kernel repeat the lookup ({@code
     * do_filp_open}); it then finds the existing file and checks it. This is needed in three cases:
     *
     * <ul>
     *   <li>the file belongs to another user;
     *   <li>its mode bits do not allow the caller this open;
     *   <li>the open truncates the file, and the file has set-ID bits to lose.
     * </ul>
     */
    private static void requireOwn(final Caller caller, final ByteString name, final Attributes file, final int flags)
            throws ErrnoException {
        final boolean truncates = (flags & OpenFlags.TRUNC) != 0;
        final int mask = (OpenFlags.allowsReading(flags) ? Access.READ : 0)
                | (truncates || OpenFlags.writes(flags) ? Access.WRITE : 0);
        if (caller.uid() != file.uid()
                || !Access.isAllowed(caller, file, mask)
                || (truncates && FileMode.hasSetIdToLose(file.mode()))) {
            throw new ErrnoException(Errno.ESTALE, name + " was just created by another process or client");
        }
    }
}
