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
import java.io.IOException;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An open directory. Each cookie that the kernel receives maps to one of the server's cookies, so entries are neither
 * lost nor repeated while the directory changes. Entries of a page that do not fit into the kernel's buffer are kept for
 * the next call. Any thread may call any method.
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

    private final Session session;
    private final Inodes inodes;
    private final AsideFiles asides;
    private final Inode inode;

    /**
     * The pages from the server; null for a directory that was removed before it was opened, as "." of a process that is
     * still in it.
     */
    private final @Nullable DirectoryPages pages;

    @GuardedBy("this")
    private final SmallCookies shownCookies = new SmallCookies();

    /** The page that follows {@link #position}; its entries from index {@link #next} on have not been taken. */
    @GuardedBy("this")
    private List<Dirent> page = List.of();

    @GuardedBy("this")
    private int next;

    /** When the page was requested, as a {@link System#nanoTime}. */
    @GuardedBy("this")
    private long pageSince = System.nanoTime();

    /** The server's cookie of the last entry that the kernel took, or that was skipped. */
    @GuardedBy("this")
    private long position;

    /** Whether the listing is known to end at {@link #position}, so that the kernel's next call needs no request. */
    @GuardedBy("this")
    private boolean ended;

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
        this.pages = fid.isEmpty() ? null : new DirectoryPages(session, fid.getAsInt());
        inode.open.openedDirectory();
    }

    /**
     * Makes the server write the directory's entries to stable storage. Fails with EINVAL, which programs expect from
     * fsync(2), if the server cannot do so for directories.
     */
    public void fsync(final boolean dataOnly) throws IOException {
        if (pages == null || inode.removed().isPresent()) {
            return;
        }
        try {
            session.fsync(pages.fid(), dataOnly).await();
        } catch (final RemoteException e) {
            if (e.errno() == Errno.EISDIR) {
                throw new ErrnoException(Errno.EINVAL, "the server cannot sync directories");
            }
            throw e;
        }
    }

    /** Clunks the fid. Must be called once. */
    synchronized void close() {
        inode.open.closedDirectory();
        if (pages != null) {
            pages.close();
        }
    }

    /**
     * Offers the entries that follow a cookie to {@code sink}, until it has no room.
     *
     * @param offset a cookie that was offered with an entry; 0 for the start
     * @return when the server was asked for the oldest of these entries, as a {@link System#nanoTime}
     * @throws ErrnoException ENOENT if the directory was removed, as getdents(2) reports it; EIO if the server's
     *     listing never ends
     */
    public synchronized long read(final long offset, final DirectorySink sink) throws IOException {
        if (pages == null || inode.removed().isPresent()) {
            throw new ErrnoException(Errno.ENOENT, "the directory was removed");
        }
        final long cookie = shownCookies.find(offset);
        if (cookie != position || cookie == 0) {
            position = cookie;
            page = List.of();
            next = 0;
            ended = false;
            pages.startAt(cookie);
        }
        boolean isEmpty = true;
        long oldest = System.nanoTime();
        while (true) {
            while (next < page.size()) {
                final Dirent entry = page.get(next);
                if (isToBeShown(entry)) {
                    final Dirent shown = asShown(entry);
                    if (!sink.offer(shown)) {
                        return oldest;
                    }
                    shownCookies.taken(shown.offset());
                    pages.shown();
                    isEmpty = false;
                    oldest = pageSince - oldest < 0 ? pageSince : oldest;
                }
                position = entry.offset();
                next++;
            }
            if (ended) {
                ended = false;
                return oldest;
            }
            final DirectoryPages.Page following = pages.after(position);
            page = following.entries();
            pageSince = following.asked();
            next = 0;
            inode.noteAccess();
            if (page.isEmpty()) {
                // If there were entries, the kernel asks once more, for the end. A later call finds new entries.
                ended = !isEmpty;
                return oldest;
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
