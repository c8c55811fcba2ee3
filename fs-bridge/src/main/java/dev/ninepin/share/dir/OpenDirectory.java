package dev.ninepin.share.dir;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.handover.ShareState;
import dev.ninepin.operations.DirectorySink;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.share.aside.AsideFiles;
import dev.ninepin.share.attr.EarlyAttributes;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.path.SharedState;
import dev.ninepin.share.path.Syncs;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An open directory. Each cookie that the kernel receives maps to one of the server's cookies, so entries are neither
 * lost nor repeated while the directory changes. Entries of a page that do not fit into the kernel's buffer are kept for
 * the next call. So are those that the kernel has just taken: if they do not fit into the program's buffer, the kernel
 * drops them and asks for them again.
 *
 * <p>The entries come from the server, or from the listing that {@link Listings} remembers, if the directory has not
 * changed. Then the directory is not opened on the server until it must be. Any thread may call any method.
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
    private final Syncs syncs;
    private final AsideFiles asides;
    private final Listings listings;
    private final DirectoryRequests requests;
    private final Inode inode;

    /** How long what the server has said of a name is valid, in nanoseconds; 0 if nothing is to be remembered. */
    private final long validNanos;

    /** The pages from the server; null until the directory is opened there. */
    @GuardedBy("this")
    private @Nullable DirectoryPages pages;

    /** The remembered listing that is shown; null if the entries come from the server. */
    @GuardedBy("this")
    private @Nullable List<Dirent> remembered;

    /** The listing that is to be remembered; null if there is none. */
    @GuardedBy("this")
    private @Nullable Recording recording;

    /** Whether nothing was read since the directory was opened. */
    @GuardedBy("this")
    private boolean isFresh = true;

    @GuardedBy("this")
    private final SmallCookies shownCookies = new SmallCookies();

    /**
     * The page or the remembered listing at {@link #position}; its entries from index {@link #next} on have not been
     * taken. Before a page, there are the entries of the page before that the kernel took in the same call.
     */
    @GuardedBy("this")
    private List<Dirent> page = List.of();

    @GuardedBy("this")
    private int next;

    /**
     * When the server was asked for the page, or for the version of the remembered listing, as a {@link
     * System#nanoTime}.
     */
    @GuardedBy("this")
    private long pageSince = System.nanoTime();

    /** How many entries at the start of {@link #page} are of the page before, and when that one was requested. */
    @GuardedBy("this")
    private int older;

    @GuardedBy("this")
    private long olderSince = pageSince;

    /** The server's cookie of the last entry that the kernel took, or that was skipped. */
    @GuardedBy("this")
    private long position;

    /** Whether the listing is known to end at {@link #position}, so that the kernel's next call needs no request. */
    @GuardedBy("this")
    private boolean ended;

    /** The value of {@code UnsyncedChanges.lossNumber} when the directory was opened or fsync(2) was called last. */
    @GuardedBy("this")
    private int lossReported;

    /** Whether the server numbers the entries of each page from 1, as an earlier listing has shown. */
    @GuardedBy("this")
    private boolean counts;

    /** Creates an open directory. {@link #open}, {@link #takeOver} or {@link #close} follows. */
    OpenDirectory(
            final SharedState shared,
            final AsideFiles asides,
            final Listings listings,
            final DirectoryRequests requests,
            final Inode inode) {
        this.session = shared.session();
        this.inodes = shared.inodes();
        this.syncs = new Syncs(shared);
        this.asides = asides;
        this.listings = listings;
        this.requests = requests;
        this.inode = inode;
        this.validNanos = shared.options().cache().attributes().toNanos();
        this.lossReported = inode.unsynced.lossNumber();
        inode.open.openedDirectory();
    }

    /** Opens the directory on the server, unless its listing is remembered and has not changed. */
    synchronized void open() throws IOException {
        final long begun = System.nanoTime();
        final Optional<Rgetattr> now;
        if (mayRecall()) {
            now = requests.version();
            if (recall(now, begun)) {
                return;
            }
            pages = newPages(requests.open());
        } else {
            final EarlyAttributes early = requests.requestVersion(validNanos > 0);
            try {
                pages = newPages(requests.open());
            } finally {
                early.settle();
            }
            now = early.readIfAnswered();
        }
        recording = now.flatMap(version -> listings.record(inode, requests.user(), version, begun))
                .orElse(null);
    }

    Inode inode() {
        return inode;
    }

    /** Returns the state of this directory for another program. */
    synchronized ShareState.Directory handOver(final long handle) {
        return new ShareState.Directory(
                handle,
                inode.node(),
                requests.user(),
                shownCookies.handOver(),
                pages == null ? counts : pages.counts());
    }

    /** Takes over the state of another program. The directory is opened on the server when it is needed. */
    synchronized void takeOver(final ShareState.Directory state) {
        isFresh = false;
        shownCookies.takeOver(state.cookies());
        counts = state.counts();
    }

    /**
     * Opens the directory on the server again, as another program would, and closes it.
     *
     * @throws IOException if the directory cannot be opened
     */
    void checkOpensAgain() throws IOException {
        synchronized (this) {
            if (lossReported != inode.unsynced.lossNumber()) {
                throw new IOException("the server has lost changes, and no program was told yet");
            }
        }
        if (inode.removed().isEmpty()) {
            session.fids().clunk(requests.openLater());
        }
    }

    /**
     * Makes the server write the directory's entries to stable storage. Fails with EINVAL, which programs expect from
     * fsync(2), if the server cannot do so for directories. Fails with EIO, once for each open directory, if the server
     * may have lost unsynced changes of names.
     */
    public void fsync(final boolean dataOnly) throws IOException {
        if (inode.removed().isPresent()) {
            return;
        }
        final DirectoryFid fid;
        synchronized (this) {
            fid = pages().fid();
        }
        try {
            syncs.run(
                    inode,
                    requests::isAsExpected,
                    () -> fid.use(number -> session.fsync(number, dataOnly).await()));
        } catch (final RemoteException e) {
            if (e.errno() == Errno.EISDIR) {
                throw new ErrnoException(Errno.EINVAL, "the server cannot sync directories");
            }
            throw e;
        }
        final int reported;
        final int now = inode.unsynced.lossNumber();
        synchronized (this) {
            reported = lossReported;
            lossReported = now;
        }
        inode.unsynced.throwLoss(reported);
    }

    /** Clunks the fid, if there is one. Must be called once. */
    synchronized void close() {
        inode.open.closedDirectory();
        dropRecording();
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
        if (inode.removed().isPresent()) {
            throw new ErrnoException(Errno.ENOENT, "the directory was removed");
        }
        final long cookie = shownCookies.find(offset);
        if (cookie != position || cookie == 0) {
            seek(cookie);
        }
        renew();
        int first = next;
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
                    isEmpty = false;
                    final long since = next < older ? olderSince : pageSince;
                    oldest = since - oldest < 0 ? since : oldest;
                }
                position = entry.offset();
                next++;
            }
            if (remembered != null || ended) {
                ended &= !isEmpty;
                return oldest;
            }
            final boolean isRead = readPage(first, !isEmpty);
            first = 0;
            if (!isRead) {
                // If there were entries, the kernel asks once more, for the end. A later call finds new entries.
                ended = !isEmpty;
                return oldest;
            }
        }
    }

    /**
     * Reads the page that follows {@link #position}. Returns false at the end of the listing.
     *
     * @param first the index of the first entry that the kernel may ask for again
     */
    @GuardedBy("this")
    private boolean readPage(final int first, final boolean isShown) throws IOException {
        final DirectoryPages from = pages();
        if (isShown) {
            from.shown();
        }
        final DirectoryPages.Page following = from.after(position);
        if (from.fid().wasReopened()) {
            // A listing from two connections is shown, but not remembered.
            dropRecording();
        }
        final List<Dirent> entries = following.entries();
        olderSince = first < older ? olderSince : pageSince;
        pageSince = following.asked();
        older = page.size() - first;
        next = older;
        final List<Dirent> joined = new ArrayList<>(page.subList(first, page.size()));
        joined.addAll(entries);
        page = joined;
        inode.noteAccess();
        final Recording recorded = recording;
        if (recorded != null && entries.isEmpty()) {
            recorded.keep();
            recording = null;
        } else if (recorded != null && !recorded.add(entries)) {
            dropRecording();
        }
        return !entries.isEmpty();
    }

    /** Continues after a cookie. At the start, the present state of the directory is shown. */
    @GuardedBy("this")
    private void seek(final long cookie) throws IOException {
        final boolean isFirst = isFresh && cookie == 0;
        isFresh = false;
        position = cookie;
        final List<Dirent> known = remembered == null ? page : remembered;
        final int place = cookie == 0 ? -1 : placeAfter(cookie, known, next);
        if (place >= 0) {
            page = known;
            next = place;
            return;
        }
        page = List.of();
        next = 0;
        older = 0;
        ended = false;
        if (!isFirst) {
            dropRecording();
            if (cookie == 0) {
                remembered = null;
                final boolean isRecalled = recall();
                LOG.trace("a listing starts again, from memory: {}", isRecalled);
            }
        }
        final List<Dirent> all = remembered;
        if (all != null && cookie == 0) {
            page = all;
            return;
        }
        remembered = null;
        pages().startAt(cookie);
    }

    /**
     * Returns the index after the entry with a cookie; -1 if there is none. Searches backwards from {@code near}, where
     * the kernel left off.
     */
    private static int placeAfter(final long cookie, final List<Dirent> entries, final int near) {
        for (int i = 1; i <= entries.size(); i++) {
            final int place = Math.floorMod(near - i, entries.size());
            if (entries.get(place).offset() == cookie) {
                return place + 1;
            }
        }
        return -1;
    }

    /** Takes the remembered listing if the directory has not changed since. Returns false if there is none. */
    @GuardedBy("this")
    private boolean recall() throws IOException {
        final long asked = System.nanoTime();
        return mayRecall() && recall(requests.version(), asked);
    }

    /**
     * Takes the remembered listing of a version. Returns false if there is none.
     *
     * @param now the version that the directory has now; empty if it is not known
     * @param asked when the version was requested, as a {@link System#nanoTime}
     */
    @GuardedBy("this")
    private boolean recall(final Optional<Rgetattr> now, final long asked) {
        remembered = now.flatMap(version -> listings.find(inode, requests.user(), version))
                .orElse(null);
        pageSince = asked;
        return remembered != null;
    }

    private boolean mayRecall() {
        return validNanos > 0 && listings.has(inode, requests.user());
    }

    /**
     * Asks for the version of the remembered listing again before what it says becomes too old for lookups of its names.
     * If the directory has changed, the listing goes on all the same, as one of old pages would.
     */
    @GuardedBy("this")
    private void renew() throws IOException {
        final List<Dirent> shown = remembered;
        if (shown != null && next < shown.size() && System.nanoTime() - pageSince > validNanos / 2) {
            final long since = pageSince;
            if (!recall() || remembered != shown) {
                remembered = shown;
                pageSince = since;
            }
        }
    }

    @GuardedBy("this")
    private void dropRecording() {
        if (recording != null) {
            recording.drop();
            recording = null;
        }
    }

    /** Returns the pages from the server, and opens the directory there if that was not done yet. */
    @GuardedBy("this")
    private DirectoryPages pages() throws IOException {
        DirectoryPages opened = pages;
        if (opened == null) {
            opened = newPages(requests.openLater());
            pages = opened;
        }
        return opened;
    }

    @GuardedBy("this")
    private DirectoryPages newPages(final int fid) {
        return new DirectoryPages(session, new DirectoryFid(session, fid, requests::openLater), counts);
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
