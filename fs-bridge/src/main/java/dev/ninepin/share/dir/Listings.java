package dev.ninepin.share.dir;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.share.cache.CachedData;
import dev.ninepin.share.cache.FileVersion;
import dev.ninepin.share.inode.Inode;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The listings that are remembered, of all directories of a mount. A listing was read after the directory had a version
 * that was first seen more than a tick before ({@link FileVersion}). As long as the server reports this version, the listing is the present one.
 *
 * <p>The listings and those being recorded take {@link #MOST_BYTES} together; the listing that was not used for the
 * longest time goes first. Any thread may call any method. No lock is taken under the lock.
 */
final class Listings {
    /** About 100,000 names. */
    private static final long MOST_BYTES = 16 << 20;

    /** The memory for a directory, with its inode and beside its names, in bytes. */
    private static final long DIRECTORY_BYTES = 1500;

    /** The memory for a name, beside its bytes, in bytes. */
    private static final long NAME_BYTES = 130;

    /** From the one that was not used for the longest time to the one used last. */
    @GuardedBy("this")
    private final Map<Inode, Known> known = new LinkedHashMap<>(16, 0.75f, true);

    /** The memory that the listings take, also those being recorded. */
    @GuardedBy("this")
    private long bytes;

    /**
     * What is known of a directory.
     *
     * @param version the attributes that were seen last
     * @param since when this version was first seen, as a {@link System#nanoTime}
     * @param listing the listing of this version; null if it is not remembered
     */
    private record Known(
            Rgetattr version, long since, @Nullable Listing listing) {
        long bytes() {
            return DIRECTORY_BYTES + (listing == null ? 0 : listing.bytes());
        }
    }

    /**
     * A listing.
     *
     * @param user the server ID of the user who has read it: the server may refuse it to others
     * @param begun when the version was requested before the listing was read, as a {@link System#nanoTime}
     */
    private record Listing(int user, long begun, List<Dirent> entries, long bytes) {}

    /**
     * Returns whether a listing is remembered that this mount has not changed since, so that {@link #find} may return it.
     */
    synchronized boolean has(final Inode directory, final int user) {
        final Known last = known.get(directory);
        final Listing listing = last == null ? null : last.listing();
        return listing != null && listing.user() == user && !directory.wasChangedSince(listing.begun());
    }

    /**
     * Returns the entries of a directory as a user has read them. Empty, and forgets them, if the directory has changed
     * since.
     *
     * @param now the attributes that the directory has now
     */
    synchronized Optional<List<Dirent>> find(final Inode directory, final int user, final Rgetattr now) {
        final Known last = known.get(directory);
        final Listing listing = last == null ? null : last.listing();
        if (last == null || listing == null || listing.user() != user) {
            return Optional.empty();
        }
        if (!isSameVersion(last.version(), now) || directory.wasChangedSince(listing.begun())) {
            forget(directory);
            return Optional.empty();
        }
        return Optional.of(listing.entries());
    }

    /** Forgets a directory. */
    synchronized void forget(final Inode directory) {
        final Known last = known.remove(directory);
        bytes -= last == null ? 0 : last.bytes();
    }

    /**
     * Begins to record a listing that is about to be read. Empty if it can't be remembered, since a change might go
     * unnoticed.
     *
     * @param version the directory's attributes
     * @param begun when these were requested, as a {@link System#nanoTime}
     */
    synchronized Optional<Recording> record(
            final Inode directory, final int user, final Rgetattr version, final long begun) {
        if (version.mtimeSec() == 0 || version.ctimeSec() == 0) {
            // The server may not maintain these times.
            return Optional.empty();
        }
        Known last = known.get(directory);
        if (last == null || !isSameVersion(last.version(), version)) {
            last = new Known(version, System.nanoTime(), null);
            put(directory, last);
        }
        // The host's clock does not count: if it is ahead of the server's, a version whose tick is not over looks old.
        return FileVersion.of(version).isTickOver(last.since(), begun)
                ? Optional.of(new Recording(this, directory, user, version, begun))
                : Optional.empty();
    }

    /** Reserves memory for entries that are being recorded. Returns false if they take too much. */
    synchronized boolean reserve(final List<Dirent> entries) {
        final long wanted = bytesOf(entries);
        bytes += wanted;
        evict();
        if (bytes > MOST_BYTES) {
            bytes -= wanted;
            return false;
        }
        return true;
    }

    /** Gives back the memory of entries that are no longer recorded. */
    synchronized void release(final List<Dirent> entries) {
        bytes -= bytesOf(entries);
    }

    /** Remembers a listing, whose memory is reserved, unless this mount has changed the directory meanwhile. */
    synchronized void keep(
            final Inode directory,
            final int user,
            final Rgetattr version,
            final long begun,
            final List<Dirent> entries) {
        final long reserved = bytesOf(entries);
        bytes -= reserved;
        if (!directory.wasChangedSince(begun)) {
            put(directory, new Known(version, begun, new Listing(user, begun, entries, reserved)));
        }
    }

    /** Returns the memory that is in use, in bytes. */
    synchronized long bytes() {
        return bytes;
    }

    @GuardedBy("this")
    private void put(final Inode directory, final Known now) {
        forget(directory);
        known.put(directory, now);
        bytes += now.bytes();
        evict();
    }

    @GuardedBy("this")
    private void evict() {
        final Iterator<Known> oldest = known.values().iterator();
        while (bytes > MOST_BYTES && oldest.hasNext()) {
            bytes -= oldest.next().bytes();
            oldest.remove();
        }
    }

    private static long bytesOf(final List<Dirent> entries) {
        long sum = 0;
        for (final Dirent entry : entries) {
            sum += NAME_BYTES + entry.name().length();
        }
        return sum;
    }

    private static boolean isSameVersion(final Rgetattr one, final Rgetattr other) {
        return one.qid().equals(other.qid()) && one.nlink() == other.nlink() && CachedData.isSameVersion(one, other);
    }
}
