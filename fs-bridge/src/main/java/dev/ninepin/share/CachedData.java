package dev.ninepin.share;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.Rgetattr;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Of a file, which version of its data the kernel may have kept: what decides at an open whether that is still good.
 *
 * <p>A version is told by size and times. Two changes within one tick of the server's clock look the same; so a version
 * only counts as known once its tick is over for certain.
 *
 * <p>Our own writes change the version too, though the kernel's data has them. What has been written here can't be told
 * from what was written there as well; so while the file is open for writing here, a new version is taken for our own,
 * unless nothing was written here since one was seen that was not. Programs that share a database so keep its pages, and
 * what they write is seldom overtaken by a drop ({@link Rereads}). Nobody opens the file for as long as its pages are being
 * dropped, or he would read some that are old. (A program that goes on to write over a copy of a descriptor that another
 * has closed is only known to write once it does: a flush does not tell a copy from the last one.)
 *
 * <p>Any thread; the lock guards all fields, nothing is done under it.
 */
final class CachedData {
    /** What the clock of a file system ticks in at most, in nanoseconds, if it counts fractions of a second at all. */
    private static final long TICK = TimeUnit.MILLISECONDS.toNanos(20);

    /** The same where it does not, in seconds: FAT has two. */
    private static final long LONGEST_TICK_SECONDS = 2;

    /** How long a program's write(2) may take to return once it was answered, on a busy machine, in nanoseconds. */
    private static final long KERNEL_KNOWS_WITHIN = TimeUnit.SECONDS.toNanos(1);

    /** The version that the kernel's data is not older than, and which it is if it did not change since; null if none. */
    @GuardedBy("this")
    private @Nullable Version known;

    /** Whether the kernel is just dropping what it has, for an open that has not been answered yet. */
    @GuardedBy("this")
    private boolean dropping;

    /** The version seen last, and when it was seen first, in nanoseconds of {@link System#nanoTime}. */
    @GuardedBy("this")
    private @Nullable Version seen;

    @GuardedBy("this")
    private long seenSince;

    /** Whether that one was taken for our own. */
    @GuardedBy("this")
    private boolean seenIsOurs;

    /** Counts the beginnings and ends of own changes. */
    @GuardedBy("this")
    private long changes;

    /** {@link #changes} as they were when {@link #seen} was asked for. */
    @GuardedBy("this")
    private long changesSeen;

    /** When the last own change ended, of {@link System#nanoTime}. */
    @GuardedBy("this")
    private long changedAt = System.nanoTime() - KERNEL_KNOWS_WITHIN;

    /** Own changes that are under way. */
    @GuardedBy("this")
    private int changing;

    /** Open handles by which the file may be written. */
    @GuardedBy("this")
    private int writers;

    /** A file's data, as far as its size (bytes) and times (seconds, nanoseconds) tell. */
    private record Version(long size, long mtime, long mtimeNanos, long ctime, long ctimeNanos) {
        static Version of(final Rgetattr attributes) {
            return new Version(
                    attributes.size(),
                    attributes.mtimeSec(),
                    attributes.mtimeNsec(),
                    attributes.ctimeSec(),
                    attributes.ctimeNsec());
        }

        long tick() {
            return mtimeNanos == 0 && ctimeNanos == 0 ? TimeUnit.SECONDS.toNanos(LONGEST_TICK_SECONDS) : TICK;
        }

        boolean isOlderThan(final long time) {
            return mtime < time && ctime < time;
        }
    }

    /**
     * What an open finds.
     *
     * @param good whether the kernel may keep what it has; if not, {@link #dropped} must be called once it has dropped
     *     it: others who open the file wait until then
     * @param version of the file now, if it is certain that it is told from the next one
     */
    record Verdict(boolean good, @Nullable Object version) {
        private static final Verdict GOOD = new Verdict(true, null);

        /** Nothing was dropped. */
        static final Verdict UNKNOWN = new Verdict(false, null);
    }

    /** Whether two answers tell of the same version of a file's data, of a file of the same number. */
    static boolean isSameVersion(final Rgetattr one, final Rgetattr other) {
        return Version.of(one).equals(Version.of(other));
    }

    /** An own change of data or attributes begins. */
    synchronized void changing() {
        changes++;
        changing++;
    }

    /** An own change has ended, one way or another. */
    synchronized void changed() {
        changes++;
        changing--;
        changedAt = System.nanoTime();
    }

    /**
     * Whether an own change is under way, or has ended so lately that a program may not have been told.
     *
     * @param now of {@link System#nanoTime}
     */
    synchronized boolean hasJustChanged(final long now) {
        return changing > 0 || now - changedAt < KERNEL_KNOWS_WITHIN;
    }

    /** The file is written over another handle. */
    synchronized void writerCame() {
        writers++;
    }

    /** The file is no longer written over one of its handles. */
    synchronized void writerLeft() {
        writers--;
    }

    /** Own changes so far; to be taken before the attributes for {@link #opened} are asked for. */
    synchronized long changes() {
        return changes;
    }

    /**
     * The file has just been opened. Waits while the kernel drops its data for another who opens it.
     *
     * @param attributes as the server gave them since the open began
     * @param changesBefore of {@link #changes()}
     * @param writes whether it was opened to be written; then it is among the writers from here on
     * @param now of {@link System#nanoTime}
     * @param clock seconds since 1970 by our clock, which need not be the server's
     */
    synchronized Verdict opened(
            final Rgetattr attributes, final long changesBefore, final boolean writes, final long now, final long clock)
            throws IOException {
        awaitDropped();
        final Version version = Version.of(attributes);
        final boolean isNew = !version.equals(seen);
        if (isNew) {
            seen = version;
            seenSince = now;
        }
        // Its tick is over if it was seen before that long; or if it is much older by our clock, unless that is ahead
        // of
        // the server's, and then a change would have to fall into the very same tick to go unnoticed.
        final boolean settled = now - seenSince >= version.tick() || version.isOlderThan(clock - LONGEST_TICK_SECONDS);
        // Another open may have asked later than this one, and been judged before.
        final boolean mayBeOurs = writers > 0
                && (changing > 0
                        || changes != changesSeen
                        || changes != changesBefore
                        || (!isNew && (settled || seenIsOurs)));
        seenIsOurs = mayBeOurs;
        writers += writes ? 1 : 0;
        changesSeen = changesBefore;
        if (mayBeOurs || version.equals(known)) {
            return Verdict.GOOD;
        }
        dropping = true;
        return new Verdict(false, settled ? version : null);
    }

    /** As {@link #opened} where nothing is believed, and all is dropped at each open. */
    synchronized Verdict openedUnseen(final boolean writes) throws IOException {
        awaitDropped();
        writers += writes ? 1 : 0;
        dropping = true;
        return new Verdict(false, null);
    }

    /** As {@link #opened} of what is only changed here, as a file that was just made is. */
    synchronized Verdict openedAlone(final boolean writes) {
        writers += writes ? 1 : 0;
        return Verdict.GOOD;
    }

    /** The kernel has dropped what it had, after the open that found {@code verdict}. */
    synchronized void dropped(final Verdict verdict) {
        known = (Version) verdict.version();
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
            throw new InterruptedIOException("interrupted while the file was opened by another");
        }
    }
}
