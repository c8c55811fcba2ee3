package dev.ninepin.share.dir;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.operations.DirectorySink;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.Qid;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.share.aside.AsideFiles;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.path.SharedState;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An open directory. Each cookie that the kernel receives maps to one of the server's cookies, so entries are neither
 * lost nor repeated while the directory changes. Entries of a reply that do not fit into the kernel's buffer are kept
 * for the next call. Any thread may call any method.
 */
public final class OpenDirectory {
    private static final ByteString PARENT = ByteString.of("..");

    /** The {@code DT_…} types of readdir(3) that are passed on; any other type becomes 0, unknown. */
    private static final Set<Integer> TYPES = Set.of(1, 2, 4, 6, 8, 10, 12, 14);

    /**
     * The number shown instead of inode number 0, since programs skip an entry with that number (glibc's readdir(3)).
     * libfuse uses the same one.
     */
    private static final long UNKNOWN_NUMBER = 0xffff_ffffL;

    private static final Logger LOG = LoggerFactory.getLogger(OpenDirectory.class);

    /** How many times a page is requested while its entries keep being removed. */
    private static final int PAGE_TRIES = 20;

    private final Session session;
    private final Inodes inodes;
    private final AsideFiles asides;
    private final Inode inode;

    /**
     * The open fid; null for a directory that was removed before it was opened, as "." of a process that is still in it.
     */
    private final @Nullable DirectoryFid fid;

    @GuardedBy("this")
    private final PageCookies cookies = new PageCookies();

    @GuardedBy("this")
    private final SmallCookies shownCookies = new SmallCookies();

    @GuardedBy("this")
    private final ListingProgress progress = new ListingProgress();

    /** The page that follows {@link #position}; its entries from index {@link #next} on have not been taken. */
    @GuardedBy("this")
    private List<Dirent> page = List.of();

    @GuardedBy("this")
    private int next;

    /** The server's cookie of the last entry that the kernel took, or that was skipped. */
    @GuardedBy("this")
    private long position;

    OpenDirectory(
            final SharedState shared, final AsideFiles asides, final Inode inode, final @Nullable DirectoryFid fid) {
        this.session = shared.session();
        this.inodes = shared.inodes();
        this.asides = asides;
        this.inode = inode;
        this.fid = fid;
        inode.open.openedDirectory();
    }

    /**
     * Makes the server write the directory's entries to stable storage. Fails with EINVAL, which programs expect from
     * fsync(2), if the server cannot do so for directories.
     */
    public void fsync(final boolean dataOnly) throws IOException {
        if (fid == null || inode.removed().isPresent()) {
            return;
        }
        try {
            fid.use(number -> session.fsync(number, dataOnly).await());
        } catch (final RemoteException e) {
            if (e.errno() == Errno.EISDIR) {
                throw new ErrnoException(Errno.EINVAL, "the server cannot sync directories");
            }
            throw e;
        }
    }

    /** Clunks the fid. Must be called once. */
    void close() {
        inode.open.closedDirectory();
        if (fid != null) {
            fid.close();
        }
    }

    /**
     * Offers the entries that follow a cookie to {@code sink}, until it has no room.
     *
     * @param offset a cookie that was offered with an entry; 0 for the start
     * @throws ErrnoException ENOENT if the directory was removed, as getdents(2) reports it; EIO if the server's
     *     listing never ends
     */
    public synchronized void read(final long offset, final DirectorySink sink) throws IOException {
        if (fid == null || inode.removed().isPresent()) {
            throw new ErrnoException(Errno.ENOENT, "the directory was removed");
        }
        final long cookie = shownCookies.find(offset);
        if (cookie != position || cookie == 0) {
            position = cookie;
            page = List.of();
            next = 0;
            progress.startAt(cookie);
        }
        while (true) {
            while (next < page.size()) {
                final Dirent entry = page.get(next);
                if (isToBeShown(entry)) {
                    final Dirent shown = asShown(entry);
                    if (!sink.offer(shown)) {
                        return;
                    }
                    shownCookies.taken(shown.offset());
                    progress.shown();
                }
                position = entry.offset();
                next++;
            }
            final List<Dirent> following = cookies.makeContinuous(position, readPage(fid));
            progress.page(position, following);
            page = following;
            next = 0;
            if (page.isEmpty()) {
                return;
            }
        }
    }

    /**
     * Requests the page that follows {@link #position}. After a new connection, the listing goes on at this cookie: the
     * servers take the positions of their host's file system, which do not depend on the descriptor. nfs-ganesha looks up each entry that it lists. If one was just
     * removed on its host, it answers ENOENT for the whole page ({@code src/FSAL/FSAL_VFS/handle.c}, read_dirents). The
     * page is then requested again.
     */
    @GuardedBy("this")
    private List<Dirent> readPage(final DirectoryFid from) throws IOException {
        final long after = position;
        for (int tries = 1; ; tries++) {
            try {
                return from.use(number ->
                        session.readdir(number, after, session.maxIo()).await());
            } catch (final RemoteException e) {
                if (e.errno() != Errno.ENOENT || !session.isGanesha() || tries == PAGE_TRIES) {
                    throw e;
                }
            }
        }
    }

    /**
     * Returns whether programs see an entry: not one with an impossible name, and not the hidden name of a file that
     * was removed while open.
     */
    private boolean isToBeShown(final Dirent entry) {
        if (!EntryName.isPossible(entry.name())) {
            if (inode.markImpossibleName()) {
                LOG.warn(
                        "the server lists an entry of {} with the invalid name \"{}\"; such entries are left out",
                        inodes.pathOf(inode),
                        entry.name());
            }
            return false;
        }
        return !asides.isHidden(entry.name());
    }

    /**
     * Converts an entry to the form that programs see. The root's {@code ..} is the root itself, since the directory
     * above it is not part of the share.
     */
    @GuardedBy("this")
    private Dirent asShown(final Dirent entry) {
        final boolean aboveRoot = inode == inodes.root() && entry.name().equals(PARENT);
        final Qid qid = aboveRoot ? session.fids().root().qid() : entry.qid();
        return new Dirent(
                qid.path() == 0 ? new Qid(qid.type(), qid.version(), UNKNOWN_NUMBER) : qid,
                shownCookies.show(entry.offset()),
                TYPES.contains(entry.type()) ? entry.type() : 0,
                entry.name());
    }
}
