package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.PathFid;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The record of a file that the kernel may still name: what is needed to ask the server about it, now and after a
 * reconnection. Fields that change are guarded by the lock of {@link Inodes}, but for what says otherwise.
 */
final class Inode {
    /** Far above what file systems number files with, and positive for programs that take it as signed. */
    private static final long OWN_NUMBER = 1L << 62;

    /** In nanoseconds; longer than anything is believed. */
    private static final long LONG_AGO = Long.MAX_VALUE / 2;

    private final long node;
    private final FileId id;

    /** The fid on one of its names. Retired when no name is known; a lookup then brings a new one. */
    PathFid path;

    /** How often the kernel was handed {@link #node}, less what it gave back. */
    long lookups;

    /** Whether a request named it since it was last looked at as one to be forgotten. */
    boolean recentlyUsed;

    /** Whether the kernel was asked to forget it. */
    boolean surplus;

    /** The names by which it was found and not yet seen to lose. */
    final List<Name> names = new ArrayList<>(1);

    /** The directory of the name that it got last, and may have lost; null of the root. */
    @Nullable
    Inode home;

    /** The next one that the server numbers alike; see {@link InodesById}. */
    @Nullable
    Inode nextAlike;

    /** Of a directory, the file system of the server's host that it is on; null until that mattered. */
    @Nullable
    HostFileSystem fileSystem;

    /** The names that were found in this directory; null until there is one. */
    private @Nullable Map<ByteString, Inode> children;

    /** Counts the names in this directory that went, or became another file's. */
    long changes;

    /** How often it was renamed here; written under the lock of {@link FileMoves}, read without it. */
    volatile long moves;

    /** Its open files. */
    final List<OpenFile> open = new ArrayList<>(0);

    /** How many handles are open on this directory. */
    int openDirectories;

    /** Where it was put aside to, because it was open when its name went; null if it was not. */
    @Nullable
    Name aside;

    /** Who is to remove what was put aside; null if nothing was. */
    @Nullable
    PutAside asideBy;

    /** What the kernel keeps of its data. */
    final CachedData data = new CachedData();

    /** What the kernel has read of it since it dropped pages; null until it was opened. */
    private volatile @Nullable Rereads rereads;

    /** Whether a read has ended before the end of the file, as far as that is known: the kernel then takes that for it. */
    private volatile boolean endedBefore;

    /** What is left of it, once its last name was removed here; null until then. */
    private final AtomicReference<@Nullable Removed> removed = new AtomicReference<>();

    /** The extended attributes that it is known not to have. */
    final AbsentAttributes absent = new AbsentAttributes();

    /** Whether its number (qid.path) is another file's too, so that one of our own is shown; set before it is shared. */
    private final boolean isTwin;

    /** Whether it was already said that the server names its entries as no file can be. */
    private final AtomicBoolean lied = new AtomicBoolean();

    /** The attributes that were asked for last, of those that the server gave; null until there are some. */
    private final AtomicReference<@Nullable Seen> seen = new AtomicReference<>();

    /** When its path was last known to lead to it, in nanoseconds of {@link System#nanoTime}. */
    private volatile long seenOverPath = System.nanoTime() - LONG_AGO;

    /** The end of what was written here since the attributes were last seen, in bytes; 0 if nothing was. */
    private volatile long writtenTo;

    Inode(final long node, final Qid qid, final PathFid path, final boolean isTwin) {
        this.node = node;
        this.id = FileId.of(qid);
        this.path = path;
        this.isTwin = isTwin;
    }

    /** A name in a directory. */
    record Name(Inode directory, ByteString name) {}

    long node() {
        return node;
    }

    FileId id() {
        return id;
    }

    /** The inode number to show: the server's, or one of our own where that is another file's too. */
    long number() {
        return isTwin ? node | OWN_NUMBER : id.path();
    }

    boolean isTwin() {
        return isTwin;
    }

    /** Whether this directory is asked this for the first time; any thread. */
    boolean isFirstLie() {
        return !lied.getAndSet(true);
    }

    boolean isDirectory() {
        return (id.type() & Qid.DIR) != 0;
    }

    boolean isSymlink() {
        return (id.type() & Qid.SYMLINK) != 0;
    }

    Map<ByteString, Inode> children() {
        Map<ByteString, Inode> known = children;
        if (known == null) {
            known = new HashMap<>();
            children = known;
        }
        return known;
    }

    /** What is left of it, if its last name was removed here; any thread. */
    Optional<Removed> removed() {
        return Optional.ofNullable(removed.get());
    }

    /** Its last name was removed here; any thread. */
    void removed(final Removed left) {
        removed.set(left);
    }

    /** Changes what is left of it; any thread. Whether something is: else the server is to be asked. */
    boolean changeRemoved(final UnaryOperator<Removed> change) {
        return removed.updateAndGet(left -> left == null ? null : change.apply(left)) != null;
    }

    /**
     * When attributes were asked for.
     *
     * @param order among all such requests of a share: a later one has a larger number
     * @param changes {@link CachedData#changes} of the file before the request was sent
     * @param nanos of {@link System#nanoTime}, before the request was sent
     */
    record Asked(long order, long changes, long nanos) {}

    private record Seen(Rgetattr attributes, Asked asked) {}

    /** Returns the attributes that were asked for last; null if there are none yet. Any thread. */
    @Nullable
    Rgetattr attributes() {
        final Seen latest = seen.get();
        return latest == null ? null : latest.attributes();
    }

    /**
     * Notes attributes, unless others that were asked for later are known: replies overtake each other. Returns the latest.
     * Any thread.
     */
    Rgetattr note(final Rgetattr reply, final Asked asked) {
        final Seen given = new Seen(reply, asked);
        final Seen before =
                seen.getAndUpdate(known -> known == null || known.asked().order() < asked.order() ? given : known);
        if (before != null && before.asked().order() > asked.order()) {
            return before.attributes();
        }
        if (before == null
                || before.attributes().size() != reply.size()
                || before.asked().changes() != data.changes()
                || endedBefore) {
            mayHaveAnotherSize();
            endedBefore = false;
        }
        writtenTo = 0;
        return reply;
    }

    /** Notes that a write here has ended at {@code end}. Any thread. */
    void wasWritten(final long end) {
        writtenTo = Math.max(writtenTo, end);
    }

    /** Returns whether an answer has the size of the file as it was last seen, and written to here since. */
    boolean hasSizeOf(final Rgetattr answer) {
        final Rgetattr known = attributes();
        return known != null && answer.size() == Math.max(known.size(), writtenTo);
    }

    /** Returns whether attributes that the server gave are those of this file: the same qid, and no other type than before. */
    boolean isSameFile(final Rgetattr reply) {
        final Rgetattr known = attributes();
        return FileId.of(reply.qid()).equals(id) && (known == null || FileMode.isSameType(known.mode(), reply.mode()));
    }

    /** Notes that its path led to it at a time of {@link System#nanoTime}. Any thread. */
    void seenOverPath(final long nanos) {
        if (nanos - seenOverPath > 0) {
            seenOverPath = nanos;
        }
    }

    /** Returns whether its path has led to it since a time of {@link System#nanoTime}. Any thread. */
    boolean wasSeenSince(final long nanos) {
        return seenOverPath - nanos >= 0;
    }

    /** The kernel is about to hear of a size that it may not know, and then drops pages ({@code fs/fuse/inode.c}). */
    void mayHaveAnotherSize() {
        final Rereads known = rereads;
        if (known != null) {
            known.mayBeDropped(System.nanoTime());
        }
    }

    /** A read has ended there; {@code isShort} if that was less than was wanted. */
    void wasRead(final long end, final boolean isShort) {
        final Rgetattr known = attributes();
        if (isShort && known != null && end < known.size()) {
            endedBefore = true;
        }
    }

    /** Of a file that is open, or was. */
    Rereads rereads() {
        return Objects.requireNonNull(rereads, "the file was not opened");
    }

    /** It is open; under the lock of {@link Inodes}. */
    void opened(final OpenFile file) {
        open.add(file);
        if (rereads == null) {
            rereads = new Rereads();
        }
    }

    /** Returns whether it was changed here since the last attributes were asked for. */
    boolean hasChangedSinceSeen() {
        final Seen latest = seen.get();
        return latest == null || latest.asked().changes() != data.changes();
    }
}
