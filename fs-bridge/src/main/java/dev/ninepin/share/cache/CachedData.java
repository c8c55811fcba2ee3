package dev.ninepin.share.cache;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.Rgetattr;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The version of a file's data that the kernel may have cached. This class decides at each open whether that data is
 * still good. The description of this package shows the sequence.
 *
 * <p>A {@link FileVersion} counts as known only when its tick is certainly over.
 *
 * <p>Writes from this mount change the version too, although the kernel's pages contain them. They cannot be told from
 * writes by other clients. So while the file is open for writing on this mount, a new version is attributed to this
 * mount. The exception: if this mount wrote nothing since a different version was seen, the new version is another
 * client's.
 *
 * <p>As a result, programs that share a database keep its pages, and their writes are seldom overtaken by a drop
 * ({@link Rereads}). No open completes while the pages are being dropped, or the program would read stale ones.
 *
 * <p>Limitation: if a program closes a copy of a descriptor and writes on through another copy, it is counted as a
 * writer again only at its next write. A flush does not tell whether other copies exist.
 *
 * <p>Any thread may call any method. The object's monitor guards all fields, and no request is sent under it.
 */
public final class CachedData {
    /** How long write(2) may take to return to the program after the reply, on a busy machine, in nanoseconds. */
    private static final long KERNEL_KNOWS_WITHIN = TimeUnit.SECONDS.toNanos(1);

    /**
     * A lower bound of the version that the kernel has cached, and exactly that version if nothing changed since; null
     * if none is known.
     */
    @GuardedBy("this")
    private @Nullable FileVersion known;

    /** Whether the kernel may have data that the server did not take, so that the next open drops the kernel's data. */
    @GuardedBy("this")
    private boolean hasLostWrites;

    /** Whether the kernel is dropping its data for an open that has not been answered yet. */
    @GuardedBy("this")
    private boolean dropping;

    /** The version that was seen last, and since when, in nanoseconds of {@link System#nanoTime}. */
    @GuardedBy("this")
    private @Nullable FileVersion seen;

    @GuardedBy("this")
    private long seenSince;

    /** Whether {@link #seen} was attributed to this mount. */
    @GuardedBy("this")
    private boolean seenIsOurs;

    /** Counts the starts and ends of changes from this mount. */
    @GuardedBy("this")
    private long changes;

    /** The value of {@link #changes} when {@link #seen} was requested. */
    @GuardedBy("this")
    private long changesSeen;

    /** When the last change from this mount ended, by {@link System#nanoTime}. */
    @GuardedBy("this")
    private long changedAt = System.nanoTime() - KERNEL_KNOWS_WITHIN;

    /** The number of changes from this mount that are under way. */
    @GuardedBy("this")
    private int changing;

    /** The number of open handles through which the file may be written. */
    @GuardedBy("this")
    private int writers;

    /**
     * The decision about cached data at an open.
     *
     * @param good whether the kernel may keep its data. If not, the caller drops the data and then calls {@link
     *     #endDrop}; other opens of the file wait until then
     * @param version the file's version at the open; null if later changes may not be distinguishable from it
     */
    public record Verdict(boolean good, @Nullable Object version) {
        private static final Verdict GOOD = new Verdict(true, null);

        /** The verdict for {@link #endDrop} if the drop failed: the cached version is unknown. */
        public static final Verdict UNKNOWN = new Verdict(false, null);
    }

    /** Returns whether two replies describe the same version of a file's data, given the same qid. */
    public static boolean isSameVersion(final Rgetattr one, final Rgetattr other) {
        return FileVersion.of(one).equals(FileVersion.of(other));
    }

    /** Records the start of a change of data or attributes from this mount. */
    synchronized void beginChange() {
        changes++;
        changing++;
    }

    /** Records the end of a change from this mount, successful or not. */
    synchronized void endChange() {
        changes++;
        changing--;
        changedAt = System.nanoTime();
    }

    /** Records that a write failed whose bytes the kernel has in its pages. */
    synchronized void noteLostWrite() {
        hasLostWrites = true;
    }

    /**
     * Returns whether a change from this mount is under way, or ended so recently that the program may not know it yet.
     *
     * @param now the time by {@link System#nanoTime}
     */
    synchronized boolean hasJustChanged(final long now) {
        return changing > 0 || now - changedAt < KERNEL_KNOWS_WITHIN;
    }

    /** Returns whether a write has failed whose bytes are in the kernel's pages. */
    synchronized boolean hasLostWrites() {
        return hasLostWrites;
    }

    /** Takes over the state of another program, whose last change may have ended just now. */
    synchronized void takeOver(final boolean lostWrites) {
        hasLostWrites = lostWrites;
        changedAt = System.nanoTime();
    }

    /** Counts one more handle that writes the file. */
    synchronized void addWriter() {
        writers++;
    }

    /** Counts one handle less that writes the file. */
    synchronized void removeWriter() {
        writers--;
    }

    /**
     * Returns the count of changes from this mount. To be read before the attributes for {@link #judgeOpen} are requested.
     */
    synchronized long changes() {
        return changes;
    }

    /**
     * Returns whether no change from this mount is under way, and none has begun or ended since {@link #changes} was
     * {@code before}.
     */
    synchronized boolean isUnchangedSince(final long before) {
        return changing == 0 && changes == before;
    }

    /**
     * Decides whether the kernel's data is still good after an open. Blocks while another open drops the data.
     *
     * @param attributes the server's reply, requested after the open began
     * @param changesBefore {@link #changes()} from before that request
     * @param writes whether the file was opened for writing; it then counts as a writer from this call on
     * @param asked the time of that request by {@link System#nanoTime}
     * @param now the present time by {@link System#nanoTime}
     * @param clock the time of that request in seconds since 1970, by this host's clock, which may differ from the
     *     server's
     * @throws InterruptedIOException if the thread was interrupted while it waited
     */
    synchronized Verdict judgeOpen(
            final Rgetattr attributes,
            final long changesBefore,
            final boolean writes,
            final long asked,
            final long now,
            final long clock)
            throws IOException {
        awaitDropped();
        final FileVersion version = FileVersion.of(attributes);
        final boolean isNew = !version.equals(seen);
        if (isNew) {
            seen = version;
            seenSince = now;
        }
        final boolean settled = version.isSettled(seenSince, asked, clock);
        // Another open may have requested attributes later than this one, and been decided earlier.
        final boolean mayBeOurs = writers > 0
                && (changing > 0
                        || changes != changesSeen
                        || changes != changesBefore
                        || (!isNew && (settled || seenIsOurs)));
        seenIsOurs = mayBeOurs;
        writers += writes ? 1 : 0;
        changesSeen = changesBefore;
        if (!hasLostWrites && (mayBeOurs || version.equals(known))) {
            return Verdict.GOOD;
        }
        beginDrop();
        return new Verdict(false, settled ? version : null);
    }

    /** Like {@link #judgeOpen}, for cache modes that trust nothing: every open drops all data. */
    synchronized Verdict judgeOpenUntrusted(final boolean writes) throws IOException {
        awaitDropped();
        writers += writes ? 1 : 0;
        beginDrop();
        return new Verdict(false, null);
    }

    /**
     * Like {@link #judgeOpen}, for a file that only this mount changes, or that it has just created: nothing is dropped,
     * unless a write of this mount failed.
     */
    synchronized Verdict judgeOpenExclusive(final boolean writes) throws IOException {
        awaitDropped();
        writers += writes ? 1 : 0;
        if (!hasLostWrites) {
            return Verdict.GOOD;
        }
        beginDrop();
        return new Verdict(false, null);
    }

    @GuardedBy("this")
    private void beginDrop() {
        dropping = true;
        hasLostWrites = false;
    }

    /** Records that the kernel has dropped its data, after the open that returned {@code verdict}. */
    synchronized void endDrop(final Verdict verdict) {
        known = (FileVersion) verdict.version();
        dropping = false;
        notifyAll();
    }

    @GuardedBy("this")
    private void awaitDropped() throws IOException {
        try {
            while (dropping) {
                wait();
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for another open of the file");
        }
    }
}
