package dev.ninepin.share.inode;

import dev.ninepin.handover.ShareState;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.fid.PathFid;
import dev.ninepin.share.cache.ExpectedFile;
import dev.ninepin.share.cache.FilePages;
import dev.ninepin.share.cache.PendingWrites;
import dev.ninepin.share.cache.UnsyncedChanges;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A file that the kernel may still refer to, with everything needed to ask the server about it, now and after a
 * reconnect. The lock of {@link Inodes} guards the mutable fields, unless a field says otherwise; {@code @GuardedBy}
 * cannot name the lock of another object.
 */
public final class Inode {
    /**
     * The flag in inode numbers of our own. It is far above the numbers that file systems use, and keeps the number
     * positive for programs that treat it as signed.
     */
    private static final long OWN_NUMBER = 1L << 62;

    /** In nanoseconds; longer than any cached answer is valid. */
    private static final long LONG_AGO = Long.MAX_VALUE / 2;

    private final long node;
    private final FileId id;

    /**
     * The path fid on one of the file's names. Retired while no name is known; the next lookup then brings a new one.
     * Read without the lock.
     */
    volatile PathFid path;

    /** The lookup count: how often {@link #node} was given to the kernel, minus the kernel's forgets. */
    long lookups;

    /** Whether a request referred to this inode since {@link Inodes#selectForForget} last examined it. */
    boolean recentlyUsed;

    /** Whether the kernel was asked to forget this inode. */
    boolean surplus;

    /** The names under which the file was found, without those known to be removed or replaced. */
    final List<Name> names = new ArrayList<>(1);

    /** The directory of the name that was added last, even if that name is gone; null for the root. */
    @Nullable
    Inode home;

    /** The next inode with the same file ID; see {@link InodesById}. */
    @Nullable
    Inode nextAlike;

    /** For a directory, its file system on the server's host; null until it is known. See {@link KnownFileSystems}. */
    volatile @Nullable HostFileSystem fileSystem;

    /** The files found in this directory, by name; null until there is one. */
    private @Nullable Map<ByteString, Inode> children;

    /** The number of names in this directory that were removed or replaced so far. */
    long changes;

    /** How this inode is open on this mount. */
    public final OpenState open = new OpenState();

    /** The file's pages that the kernel may have cached. */
    public final FilePages pages;

    /** The writes that were sent and may not be answered yet. */
    public final PendingWrites pending;

    /** The changes that no fsync(2) has synced. Empty if a crash of the server's host also ends the mount. */
    public final UnsyncedChanges unsynced = new UnsyncedChanges();

    /**
     * Whether a read ended before the known end of the file. The kernel then takes that point for the end of the file.
     */
    private volatile boolean endedBefore;

    /** The attributes that remain after the file's last name was removed on this mount; null until then. */
    private final AtomicReference<@Nullable Removed> removed = new AtomicReference<>();

    /** The extended attributes that the file is known not to have. */
    public final AbsentAttributes absent = new AbsentAttributes();

    /**
     * Whether another file has the same {@code qid.path}, so that the inode shows a number of our own. Set before the
     * inode is shared.
     */
    private final boolean isTwin;

    /** Whether the log already says that the server lists names in this directory that no file can have. */
    private final AtomicBoolean lied = new AtomicBoolean();

    /** The attributes of the latest request that the server answered; null until there is one. */
    private final AtomicReference<@Nullable Seen> seen = new AtomicReference<>();

    /** When the last change of the file from this mount ended, other than those that {@link #pages} counts. */
    private volatile long changedAt = System.nanoTime() - LONG_AGO;

    /** When the file was last read on this mount, which may change its access time. */
    private volatile long accessedAt = System.nanoTime() - LONG_AGO;

    /** When the path was last known to lead to this file, in nanoseconds of {@link System#nanoTime}. */
    private volatile long seenOverPath = System.nanoTime() - LONG_AGO;

    /**
     * The highest end offset of the writes on this mount since the attributes were last read, in bytes; 0 if there were
     * none.
     */
    private volatile long writtenTo;

    Inode(final long node, final Qid qid, final PathFid path, final boolean isTwin) {
        this.node = node;
        this.id = FileId.of(qid);
        this.path = path;
        this.pages = new FilePages(node);
        this.pending = new PendingWrites(pages);
        this.isTwin = isTwin;
    }

    /**
     * Returns the state of this inode for another program. Under the lock of {@link Inodes}.
     *
     * @param over the index of the name that the path uses; -1 if the path leads nowhere
     * @param lastHome the node ID of {@link #home}; 0 if the directory is no longer known
     * @param connection the number of the latest connection
     */
    ShareState.Node handOver(final boolean isIndexed, final int over, final long lastHome, final int connection) {
        return new ShareState.Node(
                node,
                path.qid(),
                lookups,
                isTwin,
                isIndexed,
                names.stream().map(Name::handOver).toList(),
                over,
                lastHome,
                Optional.ofNullable(attributes()),
                writtenTo,
                removed().map(Removed::attributes),
                open.aside().map(hidden -> new ShareState.Hidden(hidden.name().handOver(), hidden.user())),
                pages.hasLostWrites(),
                unsynced.any(),
                unsynced.anyBefore(connection),
                pages.mayAlwaysDrop());
    }

    /** Takes over the state of another program, except for names and open files. */
    void takeOver(final ShareState.Node state) {
        lookups = state.lookups();
        state.attributes().ifPresent(last -> seen.set(new Seen(last, Asked.EARLIER)));
        writtenTo = state.writtenTo();
        state.removed().ifPresent(last -> removed.set(new Removed(last)));
        pages.takeOver(state.hasLostWrites());
        if (state.isUnsynced()) {
            unsynced.note(state.mayBeLost() ? -1 : 0, ExpectedFile::forget);
        }
    }

    /** A name in a directory. */
    public record Name(Inode directory, ByteString name) {
        ShareState.Name handOver() {
            return new ShareState.Name(directory.node(), name);
        }
    }

    /** Returns the node ID, by which the kernel refers to this inode. */
    public long node() {
        return node;
    }

    /** Returns the file ID: the parts of the qid that identify the file on the server. */
    public FileId id() {
        return id;
    }

    /**
     * Returns the inode number to show in stat(2): the server's, or one of our own if another file has the same
     * {@code qid.path}.
     */
    public long number() {
        return isTwin ? node | OWN_NUMBER : id.path();
    }

    boolean isTwin() {
        return isTwin;
    }

    /**
     * Returns true on the first call only, so that the caller logs an impossible name once for this directory. Any
     * thread.
     */
    public boolean markImpossibleName() {
        return !lied.getAndSet(true);
    }

    public boolean isDirectory() {
        return (id.type() & Qid.DIR) != 0;
    }

    public boolean isSymlink() {
        return (id.type() & Qid.SYMLINK) != 0;
    }

    /** Returns the files found in this directory, by name. Under the lock of {@link Inodes}. */
    Map<ByteString, Inode> children() {
        Map<ByteString, Inode> known = children;
        if (known == null) {
            known = new HashMap<>();
            children = known;
        }
        return known;
    }

    /**
     * Returns the attributes that remain of a file whose last name was removed on this mount; empty if it was not. Any
     * thread.
     */
    public Optional<Removed> removed() {
        return Optional.ofNullable(removed.get());
    }

    /** Records the attributes that remain of the file after its last name was removed on this mount. Any thread. */
    public void removed(final Removed left) {
        removed.set(left);
    }

    /**
     * Changes the attributes that remain of a removed file. Any thread.
     *
     * @return false if the file was not removed on this mount; the caller then sends the change to the server
     */
    public boolean changeRemoved(final UnaryOperator<Removed> change) {
        return removed.updateAndGet(left -> left == null ? null : change.apply(left)) != null;
    }

    /**
     * The state before a request for attributes was sent.
     *
     * @param order the request's position among all attribute requests of a share: a later request has a larger number
     * @param changes {@link FilePages#changes} of the file before the request was sent
     * @param removals {@link OpenState#removals} of the file before the request was sent
     * @param nanos {@link System#nanoTime} before the request was sent
     */
    public record Asked(long order, long changes, long removals, long nanos) {
        /** The state before the requests of another program. The file may have changed since. */
        private static final Asked EARLIER = new Asked(0, -1, -1, System.nanoTime() - LONG_AGO);
    }

    /** A reply to a request for attributes, and the state before that request. */
    public record Seen(Rgetattr attributes, Asked asked) {}

    /**
     * Returns the attributes of the latest request that the server answered; null if there are none yet. Any thread.
     */
    @Nullable
    public Rgetattr attributes() {
        final Seen latest = seen.get();
        return latest == null ? null : latest.attributes();
    }

    /**
     * Records attributes, unless a reply to a later request was recorded before: replies may overtake each other. Any
     * thread.
     *
     * @return the reply to the latest request
     */
    public Seen note(final Rgetattr reply, final Asked asked) {
        final Seen given = new Seen(reply, asked);
        final Seen before =
                seen.getAndUpdate(known -> known == null || known.asked().order() < asked.order() ? given : known);
        if (before != null && before.asked().order() > asked.order()) {
            return before;
        }
        if (before == null
                || before.attributes().size() != reply.size()
                || before.asked().changes() != pages.changes()
                || endedBefore) {
            // The reply may tell the kernel a new size.
            pages.mayBeDropped();
            endedBefore = false;
        }
        if (pages.isUnchangedSince(asked.changes())) {
            // Otherwise, the reply may be older than the last write.
            writtenTo = 0;
        }
        return given;
    }

    /**
     * Returns the attributes of the latest request that the server answered. Empty if that request is older than a time
     * of {@link System#nanoTime}, if this mount has changed or read the file since, or if a change is under way, such as
     * a write that is not sent yet. Any thread.
     */
    public Optional<Seen> attributesSince(final long nanos) {
        final Seen latest = seen.get();
        if (latest == null
                || removed.get() != null
                || !pages.isUnchangedSince(latest.asked().changes())) {
            return Optional.empty();
        }
        final long asked = latest.asked().nanos();
        return asked - nanos >= 0 && asked - changedAt > 0 && asked - accessedAt > 0
                ? Optional.of(latest)
                : Optional.empty();
    }

    /**
     * Records that a change of the file's attributes or names, or of the names in this directory, has ended. Changes that
     * {@link FilePages#beginChange} announced need not be recorded. Any thread.
     */
    public void noteChange() {
        changedAt = System.nanoTime();
    }

    /** Returns whether {@link #noteChange} was called since a time of {@link System#nanoTime}. Any thread. */
    public boolean wasChangedSince(final long nanos) {
        return changedAt - nanos >= 0;
    }

    /** Records that the file was read. Any thread. */
    public void noteAccess() {
        accessedAt = System.nanoTime();
    }

    /** Records the end offset of a write on this mount, in bytes. Any thread. */
    public void noteWrite(final long end) {
        writtenTo = Math.max(writtenTo, end);
    }

    /**
     * Returns whether a reply has the size last seen, or the size that the writes on this mount since then produced.
     */
    public boolean hasSizeOf(final Rgetattr answer) {
        return attributes() != null && answer.size() == knownEnd();
    }

    /** Returns the size last seen, or the end of the writes on this mount since then, in bytes; 0 if neither is known. */
    public long knownEnd() {
        final Rgetattr known = attributes();
        return known == null ? writtenTo : Math.max(known.size(), writtenTo);
    }

    /**
     * Returns whether attributes from the server belong to this file: they have its file ID, and the type of the last
     * known mode.
     */
    public boolean isSameFile(final Rgetattr reply) {
        final Rgetattr known = attributes();
        return FileId.of(reply.qid()).equals(id) && (known == null || FileMode.isSameType(known.mode(), reply.mode()));
    }

    /** Records that the path led to this file at a time of {@link System#nanoTime}. Any thread. */
    public void seenOverPath(final long nanos) {
        if (nanos - seenOverPath > 0) {
            seenOverPath = nanos;
        }
    }

    /** Returns whether the path has led to this file since a time of {@link System#nanoTime}. Any thread. */
    public boolean wasSeenSince(final long nanos) {
        return seenOverPath - nanos >= 0;
    }

    /**
     * Records that a read ended at the offset {@code end}, in bytes.
     *
     * @param isShort whether the read returned fewer bytes than the kernel asked for
     */
    public void noteRead(final long end, final boolean isShort) {
        noteAccess();
        final Rgetattr known = attributes();
        if (isShort && known != null && end < known.size()) {
            endedBefore = true;
        }
    }

    /** Records that the file was opened. Under the lock of {@link Inodes}. */
    void opened(final OpenFile file) {
        open.opened(file);
        pages.opened();
    }

    /** Returns whether the file was changed on this mount since the last attributes were requested, or is being changed. */
    public boolean hasChangedSinceSeen() {
        final Seen latest = seen.get();
        return latest == null || !pages.isUnchangedSince(latest.asked().changes());
    }
}
