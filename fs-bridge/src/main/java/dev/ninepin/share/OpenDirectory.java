package dev.ninepin.share;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.Qid;
import dev.ninepin.session.RemoteException;
import dev.ninepin.session.Session;
import java.io.IOException;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An open directory. Each cookie that the kernel gets leads to one of the server's, so that an entry is neither lost nor
 * doubled while the directory changes; what a reply brought beyond the kernel's buffer is kept for the next call.
 */
final class OpenDirectory {
    private static final ByteString PARENT = ByteString.of("..");

    /** The {@code DT_…} of readdir(3) that a program may meet; all else is unknown to it, as 0 says. */
    private static final Set<Integer> TYPES = Set.of(1, 2, 4, 6, 8, 10, 12, 14);

    /** Shown for the number 0, since programs skip an entry that has it (glibc's readdir(3)); libfuse's choice. */
    private static final long UNKNOWN_NUMBER = 0xffff_ffffL;

    private static final Logger LOG = LoggerFactory.getLogger(OpenDirectory.class);

    /** How often a page is asked for of which entries keep being removed. */
    private static final int PAGE_TRIES = 20;

    private final Session session;
    private final Inodes inodes;
    private final AsideFiles asides;
    private final Inode inode;

    /** None on a directory that was removed before it was opened: its name is "." then. */
    private final OptionalInt fid;

    @GuardedBy("this")
    private final PageCookies cookies = new PageCookies();

    @GuardedBy("this")
    private final SmallCookies shownCookies = new SmallCookies();

    @GuardedBy("this")
    private final ListingProgress progress = new ListingProgress();

    /** The entries that follow {@link #position}, from {@link #next} on. */
    @GuardedBy("this")
    private List<Dirent> page = List.of();

    @GuardedBy("this")
    private int next;

    /** The server's cookie of the last entry that was taken. */
    @GuardedBy("this")
    private long position;

    OpenDirectory(
            final Session session,
            final Inodes inodes,
            final AsideFiles asides,
            final Inode inode,
            final OptionalInt fid) {
        this.session = session;
        this.inodes = inodes;
        this.asides = asides;
        this.inode = inode;
        this.fid = fid;
        inodes.openedDirectory(inode);
    }

    /** Has the server make the entries durable. EINVAL, which programs expect of fsync(2), if it can't for a directory. */
    void fsync(final boolean dataOnly) throws IOException {
        if (fid.isEmpty() || inode.removed().isPresent()) {
            return;
        }
        try {
            session.fsync(fid.getAsInt(), dataOnly).await();
        } catch (final RemoteException e) {
            if (e.errno() == Errno.EISDIR) {
                throw new ErrnoException(Errno.EINVAL, "the server syncs no directory");
            }
            throw e;
        }
    }

    /** Gives the fid back. */
    void close() {
        inodes.closedDirectory(inode);
        fid.ifPresent(session.fids()::clunk);
    }

    /**
     * Offers the entries that follow the cookie {@code offset}, until {@code sink} has no room. ENOENT if the directory
     * was removed, as getdents(2) has it.
     */
    synchronized void read(final long offset, final DirectorySink sink) throws IOException {
        if (fid.isEmpty() || inode.removed().isPresent()) {
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
            final List<Dirent> following = cookies.goOn(position, readPage(fid.getAsInt()));
            progress.page(position, following);
            page = following;
            next = 0;
            if (page.isEmpty()) {
                return;
            }
        }
    }

    /**
     * The next page. nfs-ganesha looks at each entry that it lists, and answers ENOENT for all of them if one was removed
     * on its host meanwhile ({@code src/FSAL/FSAL_VFS/handle.c}, read_dirents); so it is asked again.
     */
    @GuardedBy("this")
    private List<Dirent> readPage(final int from) throws IOException {
        for (int tries = 1; ; tries++) {
            try {
                return session.readdir(from, position, session.maxIo()).await();
            } catch (final RemoteException e) {
                if (e.errno() != Errno.ENOENT || !session.isGanesha() || tries == PAGE_TRIES) {
                    throw e;
                }
            }
        }
    }

    private boolean isToBeShown(final Dirent entry) {
        if (!EntryName.isPossible(entry.name())) {
            if (inode.isFirstLie()) {
                LOG.warn(
                        "the server names an entry of {} \"{}\", which no file can be named; such entries are left out",
                        inodes.pathOf(inode),
                        entry.name());
            }
            return false;
        }
        return !asides.isHidden(entry.name());
    }

    /** At the root, {@code ..} is the root: what is above it on the server is no concern of ours. */
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
