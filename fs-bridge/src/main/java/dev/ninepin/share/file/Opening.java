package dev.ninepin.share.file;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rlopen;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.attr.OwnerWrite;
import dev.ninepin.share.cache.CachedData;
import dev.ninepin.share.cache.FilePages;
import dev.ninepin.share.inode.FileId;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.OpenFile;
import dev.ninepin.share.path.FidOpening;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.NameLocks;
import dev.ninepin.share.path.StripedLocks;
import dev.ninepin.share.path.UserView;
import java.io.IOException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens regular files on behalf of one user. Any thread may call any method. */
public final class Opening {
    /** The flags of open(2) that are sent to the server. TRUNC is never sent: see {@link dev.ninepin.p9.Tlopen}. */
    static final int FLAGS_TO_SEND =
            OpenFlags.ACCESS_MODE | OpenFlags.APPEND | OpenFlags.DSYNC | OpenFlags.SYNC | OpenFlags.NOATIME;

    private static final int OPEN_TRIES = 4;

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
     * Opens an existing file and returns its handle.
     *
     * @param flags open(2)'s flags, in the numbers of {@link OpenFlags}
     * @param kernel told to drop the file's data if its cached pages may be stale
     */
    public long open(final Inode inode, final int flags, final KernelCache kernel) throws IOException {
        final Opened opened;
        final long handle;
        try (StripedLocks.Held held = locks.shared(inode)) {
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

    /** Adds a file that this user has just created, and returns its handle. */
    long addCreated(final Inode inode, final int fid, final int flags, final int iounit) {
        final OpenFile file = newOpenFile(inode, new OpenFile.Opened(fid, iounit), flags);
        inode.pages.create(file.isForWriting());
        file.markCounted();
        return files.add(file);
    }

    private OpenFile newOpenFile(final Inode inode, final OpenFile.Opened opened, final int flags) {
        return new OpenFile(inode, opened, flags, reopening, fids.nUname());
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
                final OpenFile.Opened opened = openFid(inode, path, flags, asked);
                try {
                    final OpenFile file = newOpenFile(inode, opened, flags);
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
    private OpenFile.Opened openFid(
            final Inode inode, final int path, final int flags, final Optional<? extends Call<?>> asked)
            throws IOException {
        boolean done = false;
        try {
            final OpenFile.Opened opened = openFid(inode, path, flags);
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
     * Opens a copy of {@code path}, a fid on the file's path.
     *
     * <p>An open for writing adds EXCL, which open(2) ignores without CREAT. QEMU closes the descriptors of fids
     * without EXCL when it runs short of them, and opens their paths again later ({@code hw/9pfs/9p.c},
     * v9fs_reclaim_fd). Data would then go to whatever file has the path by that time.
     *
     * @throws StaleFileException if the path leads to another file; the new fid is clunked then
     */
    OpenFile.Opened openFid(final Inode inode, final int path, final int flags) throws IOException {
        final int fid = fids.copy(path);
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
