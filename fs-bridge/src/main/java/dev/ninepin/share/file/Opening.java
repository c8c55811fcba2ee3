package dev.ninepin.share.file;

import dev.ninepin.handover.ShareState;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rlopen;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.FidTable.Lease;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.attr.OwnerWrite;
import dev.ninepin.share.cache.CachedData;
import dev.ninepin.share.cache.FilePages;
import dev.ninepin.share.inode.FileId;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.OpenCheck;
import dev.ninepin.share.inode.OpenFile;
import dev.ninepin.share.path.FidOpening;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.NameLocks;
import dev.ninepin.share.path.StripedLocks;
import dev.ninepin.share.path.UserView;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens regular files on behalf of one user. Any thread may call any method. */
public final class Opening {
    /** The flags of open(2) that are sent to the server. TRUNC is never sent: see {@link dev.ninepin.p9.Tlopen}. */
    static final int FLAGS_TO_SEND =
            OpenFlags.ACCESS_MODE | OpenFlags.APPEND | OpenFlags.DSYNC | OpenFlags.SYNC | OpenFlags.NOATIME;

    private static final Logger LOG = LoggerFactory.getLogger(Opening.class);

    private final Session session;
    private final FidTable fids;
    private final FilePaths paths;
    private final NameLocks locks;
    private final AttributeReader attributes;
    private final CacheMode cache;
    private final FidOpening opening;
    private final OpenFiles files;
    private final Reopening reopening;

    public Opening(
            final UserView view, final AttributeReader attributes, final OwnerWrite ownerWrite, final OpenFiles files) {
        this.session = view.session();
        this.fids = view.fids();
        this.paths = view.paths();
        this.locks = view.shared().nameLocks();
        this.cache = view.options().cache();
        this.attributes = attributes;
        this.opening = new FidOpening(session, view.options().accessTimes());
        this.files = files;
        this.reopening = new Reopening(view, ownerWrite, this, files);
    }

    /**
     * Opens an existing file and returns its handle. If the file is opened for reading only, whether the fid is on that
     * file may be known later only; see {@link OpenFile#requireChecked}.
     *
     * @param flags open(2)'s flags, in the numbers of {@link OpenFlags}
     * @param kernel told to drop the file's data if its cached pages may be stale
     */
    public long open(final Inode inode, final int flags, final KernelCache kernel) throws IOException {
        files.closeLeases();
        final Opened opened;
        final long handle;
        try (StripedLocks.Held held = locks.shared(inode)) {
            opened = openFile(inode, flags & FLAGS_TO_SEND);
            handle = files.add(opened.file());
        }
        // Done without the name lock: dropping waits for the kernel's page I/O, and those requests may need the same
        // lock.
        try {
            session.repeatIfLost(() -> {
                files.regainLocks(inode);
                return inode;
            });
            judgeData(opened, kernel);
            opened.check().ifPresent(files::endOpen);
            if (OpenFlags.writes(flags)) {
                // The kernel repeats an open(2) that fails with ESTALE, but no write(2): such as when the open of a
                // file on an overlay file system has made another file of it.
                session.repeatIfLost(() -> {
                    opened.file().requireChecked();
                    return opened;
                });
            }
            return handle;
        } catch (final IOException | RuntimeException e) {
            files.release(handle);
            throw e;
        }
    }

    /** Returns a file that another program had opened on behalf of this user. */
    public OpenFile takeOver(final Inode inode, final ShareState.File state) {
        return OpenFile.takeOver(inode, state, reopening);
    }

    /** Adds a file that this user has just created, and returns its handle. */
    long addCreated(final Inode inode, final OpenFile.Opened opened, final int flags) {
        final OpenFile file = newOpenFile(inode, opened, flags, null);
        inode.pages.create(file.isForWriting());
        file.markCounted();
        return files.add(file);
    }

    private OpenFile newOpenFile(
            final Inode inode, final OpenFile.Opened opened, final int flags, final @Nullable OpenCheck check) {
        return new OpenFile(inode, opened, flags, check, reopening, fids.nUname());
    }

    /**
     * An opened file, and what is known about the version of its data.
     *
     * @param check the check that the file needs; empty with {@code cache=loose}
     * @param look the attributes from the time of the open
     */
    private record Opened(OpenFile file, Optional<OpenCheck> check, Look look) {}

    /**
     * The attributes of a file that is being opened.
     *
     * @param asked the state before they were requested
     * @param seen the attributes; empty if the cache mode does not need them
     */
    private record Look(Inode.Asked asked, Optional<Rgetattr> seen) {}

    /** A fid that is opened, and the attributes that were requested at the same time. */
    private record Attempt(OpenFile.Opened opened, Look look) {}

    /**
     * Opens a file, and begins the check that the fid is on that file and not on one that has taken its name.
     *
     * <p>QEMU identifies the file first, and then opens the fid's path ({@code hw/9pfs/9p.c}, v9fs_open). If another
     * file gets the name in between, the reply has the old file's qid, but the fid is on the new file. So the
     * attributes are requested before and after the open, and must be of the same version.
     *
     * <p>A qid alone proves little, since file systems reuse the inode number of a removed file. Qid, size and times
     * together are reliable. If they differ although this mount changed nothing, the path may lead to another file. The
     * file is then opened again, before anything is done over the fid ({@link Reopening}).
     *
     * <p>open(2) for reading returns before the second reply. The first one was requested after open(2) began, which is
     * enough to judge the kernel's pages.
     */
    private Opened openFile(final Inode inode, final int flags) throws IOException {
        return paths.useLease(inode, lease -> {
            boolean isKept = false;
            try {
                final Attempt attempt = attempt(inode, lease, flags);
                final Optional<OpenCheck> check =
                        attempt.look().seen().map(seen -> beginCheck(inode, lease, attempt, seen));
                isKept = check.isPresent();
                fids.copyAhead(lease);
                final OpenFile file = newOpenFile(inode, attempt.opened(), flags, check.orElse(null));
                return new Opened(file, check, attempt.look());
            } finally {
                if (!isKept) {
                    lease.close();
                }
            }
        });
    }

    private OpenCheck beginCheck(final Inode inode, final Lease lease, final Attempt attempt, final Rgetattr seen) {
        return new OpenCheck(
                inode, lease, seen, attempt.look().asked().changes(), session.getattr(lease.fid(), AttrMask.BASIC));
    }

    /** Opens a fid on the path of a lease, and requests the attributes if they are needed. */
    private Attempt attempt(final Inode inode, final Lease path, final int flags) throws IOException {
        final Inode.Asked asked = attributes.beginRequest(inode);
        if (cache == CacheMode.LOOSE) {
            return new Attempt(openFid(inode, path, flags), new Look(asked, Optional.empty()));
        }
        // Under way together with the walk, so it costs no extra round trip.
        final Call<Rgetattr> request = session.getattr(path.fid(), AttrMask.BASIC);
        final OpenFile.Opened opened = openFid(inode, path, flags, request);
        try {
            final Rgetattr seen = request.await();
            attributes.recordReplyOverPath(inode, seen, asked);
            return new Attempt(opened, new Look(asked, Optional.of(seen)));
        } catch (final IOException | RuntimeException e) {
            fids.clunk(opened.fid());
            throw e;
        }
    }

    /**
     * Like {@link #openFid(Inode, Lease, int)}, while another request is under way.
     *
     * @param asked the other request; if the open fails, this method waits for its reply, so that its tag is free again
     */
    private OpenFile.Opened openFid(final Inode inode, final Lease path, final int flags, final Call<?> asked)
            throws IOException {
        boolean done = false;
        try {
            final OpenFile.Opened opened = openFid(inode, path, flags);
            done = true;
            return opened;
        } finally {
            if (!done) {
                awaitEnd(asked);
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
        final Inode.Asked asked = opened.look().asked();
        final CachedData.Verdict verdict =
                pages.judgeOpen(cache, opened.look().seen(), asked.changes(), asked.nanos(), file.isForWriting());
        file.markCounted();
        if (!verdict.good()) {
            pages.drop(verdict, kernel);
        }
    }

    /**
     * Opens a copy of the fid of a lease on the file's path.
     *
     * <p>An open for writing adds EXCL, which open(2) ignores without CREAT. QEMU closes the descriptors of fids
     * without EXCL when it runs short of them, and opens their paths again later ({@code hw/9pfs/9p.c},
     * v9fs_reclaim_fd). Data would then go to whatever file has the path by that time.
     *
     * @throws StaleFileException if the path leads to another file; the new fid is clunked then
     */
    OpenFile.Opened openFid(final Inode inode, final Lease path, final int flags) throws IOException {
        final int fid = fids.copyToOpen(path);
        try {
            final Rlopen opened = opening.file(fid, OpenFlags.writes(flags) ? flags | OpenFlags.EXCL : flags);
            if (!FileId.of(opened.qid()).equals(inode.id())) {
                throw new StaleFileException("node " + inode.node() + " is another file now");
            }
            return new OpenFile.Opened(fid, opened.iounit());
        } catch (final IOException | RuntimeException e) {
            fids.clunk(fid);
            throw e;
        }
    }
}
