package dev.ninepin.share.file;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Created;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rlcreate;
import dev.ninepin.p9.Rlopen;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.attr.Access;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.attr.AttributeWriter;
import dev.ninepin.share.attr.OwnerWrite;
import dev.ninepin.share.cache.CachedData;
import dev.ninepin.share.cache.FilePages;
import dev.ninepin.share.inode.FileId;
import dev.ninepin.share.inode.FileMode;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.inode.OpenFile;
import dev.ninepin.share.name.Namespace;
import dev.ninepin.share.name.PutAside;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.NameLocks;
import dev.ninepin.share.xattr.Inheritance;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens and creates regular files on behalf of one user. Any thread may call any method. */
public final class Opening {
    /** The flags of open(2) that are sent to the server. TRUNC is never sent: see {@link dev.ninepin.p9.Tlopen}. */
    private static final int FLAGS_TO_SEND =
            OpenFlags.ACCESS_MODE | OpenFlags.APPEND | OpenFlags.DSYNC | OpenFlags.SYNC | OpenFlags.NOATIME;

    private static final int S_IFREG = 0100000;
    private static final int OPEN_TRIES = 4;
    private static final int CREATE_TRIES = 8;

    private static final Logger LOG = LoggerFactory.getLogger(Opening.class);

    private final Session session;
    private final FidTable fids;
    private final Inodes inodes;
    private final FilePaths paths;
    private final NameLocks locks;
    private final Namespace namespace;
    private final AttributeReader attributes;
    private final AttributeWriter writer;
    private final OwnerWrite ownerWrite;
    private final PutAside putAside;
    private final Inheritance inheritance;
    private final CacheMode cache;
    private final FidOpening opening;
    private final OpenFiles files;

    public Opening(
            final Session session,
            final FidTable fids,
            final Inodes inodes,
            final FilePaths paths,
            final NameLocks locks,
            final Namespace namespace,
            final AttributeReader attributes,
            final AttributeWriter writer,
            final OwnerWrite ownerWrite,
            final PutAside putAside,
            final Inheritance inheritance,
            final ShareOptions options,
            final OpenFiles files) {
        this.session = session;
        this.fids = fids;
        this.inodes = inodes;
        this.paths = paths;
        this.locks = locks;
        this.namespace = namespace;
        this.attributes = attributes;
        this.writer = writer;
        this.ownerWrite = ownerWrite;
        this.putAside = putAside;
        this.inheritance = inheritance;
        this.cache = options.cache();
        this.opening = new FidOpening(session, options.accessTimes());
        this.files = files;
    }

    /**
     * Opens an existing file and returns its handle.
     *
     * @param flags open(2)'s flags, in the numbers of {@link OpenFlags}
     * @param kernel told to drop the file's data if its cached pages may be stale
     */
    public long open(final Inode inode, final int flags, final KernelCache kernel) throws IOException {
        final Opened opened;
        final long handle;
        try (NameLocks.Held held = locks.shared(inode)) {
            opened = openFile(inode, flags & FLAGS_TO_SEND);
            handle = files.add(opened.file());
        }
        // Done without the name lock: dropping waits for the kernel's page I/O, and those requests may need the same
        // lock.
        try {
            judgeData(opened, kernel);
            return handle;
        } catch (final IOException | RuntimeException e) {
            files.release(handle);
            throw e;
        }
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
                    caller, directory, name, flags, mode, inode -> putAside.recordAside(inode, directory, name));
        } catch (final RemoteException | ErrnoException | StaleFileException e) {
            // After any other failure it is unknown whether the server created the file, so the note of its name stays.
            putAside.forget(name);
            throw e;
        }
    }

    /**
     * Creates a file exclusively and opens it.
     *
     * @param made called with the new inode once the file is open, before anything else is done with it
     */
    private Created createNew(
            final Caller caller,
            final Inode directory,
            final ByteString name,
            final int flags,
            final int mode,
            final Consumer<Inode> made)
            throws IOException {
        final int group = namespace.groupFor(caller, attributes.lastSeen(directory));
        final Inheritance.Made how = inheritance.modeAndAclFor(caller, directory, mode | S_IFREG);
        final int wanted = flags & FLAGS_TO_SEND;
        namespace.requireAbsentWhereUnchecked(directory, name);
        final NewFile created = paths.copyToChange(
                directory,
                fid -> new NewFile(
                        fid,
                        session.lcreate(fid, name, wanted | OpenFlags.EXCL, how.mode(), group)
                                .await()));
        final Qid qid = created.reply().qid();
        final Inode inode = inodes.recordCreated(directory, name, qid, namespace.identifyMade(directory, name, qid));
        final OpenFile file =
                new OpenFile(inode, created.fid(), wanted, created.reply().iounit(), this::openAgain, fids.nUname());
        inode.pages.create(file.isForWriting());
        file.markCounted();
        final long handle = files.add(file);
        boolean isRestricted = false;
        try {
            made.accept(inode);
            inheritance.applyAcls(inode, how);
            isRestricted = true;
            return new Created(
                    namespace.setOwner(caller, group, how.mode(), inode, attributes.read(inode, file)), handle);
        } catch (final IOException | RuntimeException e) {
            files.release(handle);
            if (!isRestricted) {
                namespace.unmake(inode, directory, name, e);
            }
            inodes.forget(inode.node(), 1);
            throw e;
        }
    }

    /** The open fid of a new file, and the server's reply. */
    private record NewFile(int fid, Rlcreate reply) {}

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
        final Entry found = namespace.lookup(directory, name);
        try {
            final Inode inode = inodes.get(found.node());
            if (inode.isDirectory()) {
                // Some servers, QEMU among them, open a directory for writing.
                throw new ErrnoException(Errno.EISDIR, name + " is a directory");
            } else if (inode.isSymlink()) {
                // In QEMU's mapped security models, a symbolic link is a regular file on the host, which can be opened
                // and written.
                throw new ErrnoException(Errno.ELOOP, name + " is a symbolic link");
            }
            requireOwn(caller, name, found.attributes(), flags);
            final long handle = open(inode, flags, kernel);
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

    /**
     * An opened file, and what is known about the version of its data.
     *
     * @param changes {@link FilePages#changes} from before {@code attributes} were requested
     * @param attributes the file's attributes after the open; empty if the cache mode does not need them
     */
    private record Opened(OpenFile file, long changes, Optional<Rgetattr> attributes) {}

    /**
     * Opens a file, and makes sure that the fid is on that file and not on one that has taken its name.
     *
     * <p>QEMU identifies the file first, and then opens the fid's path ({@code hw/9pfs/9p.c}, v9fs_open). If another
     * file gets the name in between, the reply has the old file's qid, but the fid is on the new file. So the
     * attributes are requested before and after the open, and must be of the same version.
     *
     * <p>A qid alone proves little, since file systems reuse the inode number of a removed file. Qid, size and times
     * together are reliable. If they differ although this mount changed nothing, the path may lead to another file. The
     * file is then opened again. After {@link #OPEN_TRIES} attempts the last open counts: the file is being written by
     * another client.
     */
    private Opened openFile(final Inode inode, final int flags) throws IOException {
        return paths.use(inode, path -> {
            for (int tries = 1; ; tries++) {
                final Inode.Asked first = attributes.beginRequest(inode);
                // Under way together with the walk, so it costs no extra round trip.
                final Optional<Call<Rgetattr>> asked = cache == CacheMode.LOOSE
                        ? Optional.empty()
                        : Optional.of(session.getattr(path, AttrMask.BASIC));
                final OpenFid opened = openFid(inode, path, flags, asked);
                try {
                    final OpenFile file =
                            new OpenFile(inode, opened.fid(), flags, opened.iounit(), this::openAgain, fids.nUname());
                    if (asked.isEmpty()) {
                        return new Opened(file, first.changes(), Optional.empty());
                    }
                    final Rgetattr then = asked.get().await();
                    final Inode.Asked again = attributes.beginRequest(inode);
                    final Rgetattr now = session.getattr(path, AttrMask.BASIC).await();
                    attributes.recordReply(inode, now, again);
                    inode.seenOverPath(again.nanos());
                    if (tries == OPEN_TRIES
                            || again.changes() != first.changes()
                            || CachedData.isSameVersion(then, now)) {
                        return new Opened(file, again.changes(), Optional.of(now));
                    }
                } catch (final IOException | RuntimeException e) {
                    fids.clunk(opened.fid());
                    throw e;
                }
                fids.clunk(opened.fid());
            }
        });
    }

    /**
     * Like {@link #openFid(Inode, int, int)}, while another request is under way.
     *
     * @param asked the other request; if the open fails, this method waits for its reply, so that its tag is free again
     */
    private OpenFid openFid(final Inode inode, final int path, final int flags, final Optional<? extends Call<?>> asked)
            throws IOException {
        boolean done = false;
        try {
            final OpenFid opened = openFid(inode, path, flags);
            done = true;
            return opened;
        } finally {
            if (!done) {
                asked.ifPresent(Opening::awaitEnd);
            }
        }
    }

    /** Waits for a reply that is no longer needed, so that its tag is free again. */
    private static void awaitEnd(final Call<?> call) {
        try {
            call.await();
        } catch (final IOException e) {
            LOG.trace("an answer that nobody wants", e);
        }
    }

    /**
     * Makes the kernel drop a file's cached data if it may be stale after this open. The caller must not hold a name
     * lock.
     */
    private void judgeData(final Opened opened, final KernelCache kernel) throws IOException {
        final OpenFile file = opened.file();
        final FilePages pages = file.inode().pages;
        final CachedData.Verdict verdict =
                pages.judgeOpen(cache, opened.attributes(), opened.changes(), file.isForWriting());
        file.markCounted();
        if (!verdict.good()) {
            pages.drop(verdict, kernel);
        }
    }

    /**
     * Opens another fid on an open file, for writes that need the other setting of APPEND.
     *
     * <p>open(2) has already decided what the descriptor may do, but a server may check the mode bits again. If it
     * refuses, the open is repeated with the owner's write permission lent.
     */
    private int openAgain(final Inode inode, final int flags) throws IOException {
        final FilePaths.Attempt<Integer> opening =
                () -> paths.use(inode, path -> openFid(inode, path, flags).fid());
        try {
            return opening.run();
        } catch (final RemoteException e) {
            return ownerWrite.lend(inode, e, opening);
        }
    }

    /** An open fid, and the server's iounit for it in bytes. */
    private record OpenFid(int fid, int iounit) {}

    /**
     * Opens a copy of {@code path}, a fid on the file's path.
     *
     * <p>An open for writing adds EXCL, which open(2) ignores without CREAT. QEMU closes the descriptors of fids
     * without EXCL when it runs short of them, and opens their paths again later ({@code hw/9pfs/9p.c},
     * v9fs_reclaim_fd). Data would then go to whatever file has the path by that time.
     *
     * @throws StaleFileException if the path leads to another file; the new fid is clunked then
     */
    private OpenFid openFid(final Inode inode, final int path, final int flags) throws IOException {
        final int fid = fids.copy(path);
        try {
            final Rlopen opened = opening.file(fid, OpenFlags.writes(flags) ? flags | OpenFlags.EXCL : flags);
            if (!FileId.of(opened.qid()).equals(inode.id())) {
                throw new StaleFileException("node " + inode.node() + " is another file now");
            }
            return new OpenFid(fid, opened.iounit());
        } catch (final IOException | RuntimeException e) {
            fids.clunk(fid);
            throw e;
        }
    }
}
