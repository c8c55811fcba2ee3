package dev.ninepin.share;

import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rlcreate;
import dev.ninepin.p9.Rlopen;
import dev.ninepin.session.Call;
import dev.ninepin.session.FidTable;
import dev.ninepin.session.RemoteException;
import dev.ninepin.session.Session;
import dev.ninepin.session.StaleFileException;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How a user opens regular files, and makes them. Any thread. */
final class Opening {
    /** What of open(2)'s flags concerns the server. TRUNC never does: see {@link dev.ninepin.p9.Tlopen}. */
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

    Opening(
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

    long open(final Inode inode, final int flags, final KernelData kernel) throws IOException {
        final Opened opened;
        final long handle;
        try (NameLocks.Held held = locks.shared(inode)) {
            opened = openFile(inode, flags & FLAGS_TO_SEND);
            handle = files.add(opened.file());
        }
        // Not under the lock: the kernel waits for pages here, and these for others who want the lock.
        try {
            judgeData(opened, kernel);
            return handle;
        } catch (final IOException | RuntimeException e) {
            files.release(handle);
            throw e;
        }
    }

    /**
     * Always asks for a file that is not there yet: so the server says whether it was made, and is the caller's, or was
     * there, and is opened as it is.
     */
    Created create(
            final Caller caller,
            final Inode directory,
            final ByteString name,
            final int flags,
            final int mode,
            final KernelData kernel)
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
                // It was there, and is no more: somebody removes it again and again.
                if ((Errno.of(e) != Errno.ENOENT && Errno.of(e) != Errno.ESTALE) || tries == CREATE_TRIES) {
                    throw e;
                }
            }
        }
    }

    /** It has a name, but as a file that was put aside has one. */
    Created createUnnamed(final Caller caller, final Inode directory, final int flags, final int mode)
            throws IOException {
        final ByteString name = putAside.newName(directory);
        try {
            return createNew(caller, directory, name, flags, mode, inode -> putAside.madeAside(inode, directory, name));
        } catch (final RemoteException | ErrnoException | StaleFileException e) {
            // After any other failure nobody knows whether it was made.
            putAside.forget(name);
            throw e;
        }
    }

    /** @param made told of the file before anything else is done with it */
    private Created createNew(
            final Caller caller,
            final Inode directory,
            final ByteString name,
            final int flags,
            final int mode,
            final Consumer<Inode> made)
            throws IOException {
        final int group = namespace.groupFor(caller, attributes.lastSeen(directory));
        final Inheritance.Made how = inheritance.of(caller, directory, mode | S_IFREG);
        final int wanted = flags & FLAGS_TO_SEND;
        namespace.requireAbsentWhereUnchecked(directory, name);
        final NewFile created = paths.copyToChange(
                directory,
                fid -> new NewFile(
                        fid,
                        session.lcreate(fid, name, wanted | OpenFlags.EXCL, how.mode(), group)
                                .await()));
        final Qid qid = created.reply().qid();
        final Inode inode = inodes.made(directory, name, qid, namespace.identifyMade(directory, name, qid));
        made.accept(inode);
        final OpenFile file =
                new OpenFile(inode, created.fid(), wanted, created.reply().iounit(), this::openAgain, fids.nUname());
        inode.data.openedAlone(file.isForWriting());
        file.counted();
        final long handle = files.add(file);
        boolean isRestricted = false;
        try {
            inheritance.handDown(inode, how);
            isRestricted = true;
            return new Created(
                    namespace.givenTo(caller, group, how.mode(), inode, attributes.read(inode, file)), handle);
        } catch (final IOException e) {
            files.release(handle);
            if (!isRestricted) {
                namespace.unmake(inode, directory, name, e);
            }
            inodes.forget(inode.node(), 1);
            throw e;
        }
    }

    /** The fid of a file that was just made, and the server's answer. */
    private record NewFile(int fid, Rlcreate reply) {}

    private Created openExisting(
            final Caller caller, final Inode directory, final ByteString name, final int flags, final KernelData kernel)
            throws IOException {
        final Entry found = namespace.lookup(directory, name);
        try {
            final Inode inode = inodes.get(found.node());
            if (inode.isDirectory()) {
                // A server may open it for writing all the same; QEMU does.
                throw new ErrnoException(Errno.EISDIR, name + " is a directory");
            } else if (inode.isSymlink()) {
                // In QEMU's mapped security models a link is a file that can be opened, and written to.
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
            } catch (final IOException e) {
                files.release(handle);
                throw e;
            }
        } catch (final IOException e) {
            inodes.forget(found.node(), 1);
            throw e;
        }
    }

    /**
     * The kernel takes a file that comes of a create for a new one, and checks nothing of it: neither its mode, nor whether
     * it may be opened so in a sticky directory ({@code fs/namei.c}, do_open). So who meets another's file, or one that he
     * may not open, or is to lose set-ID bits, is told to look again: the kernel then knows that it is there (do_filp_open).
     */
    private static void requireOwn(final Caller caller, final ByteString name, final Attributes file, final int flags)
            throws ErrnoException {
        final boolean truncates = (flags & OpenFlags.TRUNC) != 0;
        final int mask =
                (OpenFlags.reads(flags) ? Access.READ : 0) | (truncates || OpenFlags.writes(flags) ? Access.WRITE : 0);
        if (caller.uid() != file.uid()
                || !Access.isAllowed(caller, file, mask)
                || (truncates && FileMode.hasSetIdToLose(file.mode()))) {
            throw new ErrnoException(Errno.ESTALE, name + " was made by another just now");
        }
    }

    /**
     * A file that was opened, and what is known of its data.
     *
     * @param changes own changes before the attributes were asked for
     * @param attributes empty if they need not be asked for
     */
    private record Opened(OpenFile file, long changes, Optional<Rgetattr> attributes) {}

    /**
     * Opens a file, and makes sure that it is that file. QEMU opens the path of a fid, and says before that which file it
     * is (hw/9pfs/9p.c, v9fs_open): if another gets the name just then, the fid is on that one. So the path must lead to the
     * same file after the open as before. A number says little, since a file system gives that of a removed file to the
     * next; number, size and times together do. What has other times and was not changed here is opened once more, for it
     * may be another file: in the end it is one that others write to.
     */
    private Opened openFile(final Inode inode, final int flags) throws IOException {
        return paths.use(inode, path -> {
            for (int tries = 1; ; tries++) {
                final Inode.Asked first = attributes.asking(inode);
                // On its way together with the walk, so that it costs no time.
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
                    final Inode.Asked again = attributes.asking(inode);
                    final Rgetattr now = session.getattr(path, AttrMask.BASIC).await();
                    attributes.accept(inode, now, again);
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

    /** @param asked something else that was asked, whose answer is waited for even if this fails */
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

    /** Nobody wants the answer any more, but the tag is to come back. */
    private static void awaitEnd(final Call<?> call) {
        try {
            call.await();
        } catch (final IOException e) {
            LOG.trace("an answer that nobody wants", e);
        }
    }

    /** Has the kernel drop what it kept of a file that was just opened, if that is old. The caller holds no lock. */
    private void judgeData(final Opened opened, final KernelData kernel) throws IOException {
        final CachedData data = opened.file().inode().data;
        final boolean writes = opened.file().isForWriting();
        final CachedData.Verdict verdict;
        if (cache == CacheMode.LOOSE) {
            verdict = data.openedAlone(writes);
        } else if (cache == CacheMode.OPEN) {
            verdict = data.opened(
                    opened.attributes().orElseThrow(),
                    opened.changes(),
                    writes,
                    System.nanoTime(),
                    Instant.now().getEpochSecond());
        } else {
            verdict = data.openedUnseen(writes);
        }
        opened.file().counted();
        if (!verdict.good()) {
            OpenFiles.drop(opened.file().inode(), verdict, kernel);
        }
    }

    /**
     * Opens another fid on an open file, for writes that the first one is not good for. open(2) has settled what the
     * descriptor may do; a server that asks the mode bits once more is not to refuse that.
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

    private record OpenFid(int fid, int iounit) {}

    /**
     * Opens a copy of {@code path}, a fid on the path of the file. To write, with EXCL: QEMU may close the descriptor of
     * any other fid to make room, and open its path again later ({@code hw/9pfs/9p.c}, v9fs_reclaim_fd); the bytes would go
     * to whatever file has the path by then. open(2) ignores EXCL without CREAT.
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
