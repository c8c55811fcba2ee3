package dev.ninepin.share;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Of a file, what the kernel has read anew since its pages were dropped: what a write may have to have dropped once more.
 *
 * <p>The kernel puts what a program writes into the file's pages first, gives up their locks, and then sends it
 * ({@code fs/fuse/file.c}, fuse_fill_write_pages and fuse_perform_write). If the pages are dropped in between, and read
 * again before the server has written, then they keep what was there before the write: the next program that reads, counts
 * up and writes loses it for good. Nobody can see from here whether a write is about to be sent. But the kernel writes to
 * a file for one program at a time (it holds the inode's lock meanwhile), so only the first write that ends after the drop
 * can have been overtaken so; and only if what it wrote was read after the drop began. Such a write is not answered before
 * those pages were dropped again. (A page that the kernel writes back is not meant: it does not read that anew before it is
 * written.)
 *
 * <p>Any thread; the lock guards all fields, nothing is done under it.
 */
final class Rereads {
    /** How long the kernel may need, after it was told of another size, to drop pages for that, in nanoseconds. */
    private static final long DROPS_WITHIN = TimeUnit.SECONDS.toNanos(1);

    /** Drops that are under way, of all pages and of some. */
    @GuardedBy("this")
    private int dropping;

    @GuardedBy("this")
    private int droppingAgain;

    /** Whether pages may have been dropped since the last write had ended. */
    @GuardedBy("this")
    private boolean dropped;

    /** What was read since the last drop that is over began. */
    @GuardedBy("this")
    private Extent read = Extent.NONE;

    /** What was read since a drop that is under way began: this may still be dropped. */
    @GuardedBy("this")
    private Extent readMeanwhile = Extent.NONE;

    /** What is being read since, one after the other. */
    @GuardedBy("this")
    private final List<Read> underWay = new ArrayList<>(0);

    /** Whether the kernel may drop pages of its own accord at any time. */
    @GuardedBy("this")
    private boolean alwaysDropping;

    /** When the kernel may have begun to drop pages of its own accord, of {@link System#nanoTime}. */
    @GuardedBy("this")
    private long mayDropSince = System.nanoTime() - DROPS_WITHIN;

    /** These bytes of a file, and perhaps more: what lies between those that were meant. */
    private record Extent(long start, long end) {
        static final Extent NONE = new Extent(Long.MAX_VALUE, 0);

        Extent and(final Extent other) {
            return new Extent(Math.min(start, other.start), Math.max(end, other.end));
        }

        boolean meets(final Extent other) {
            return start < other.end && other.start < end;
        }
    }

    /** A read that the kernel waits for; told from others of the same bytes. */
    private static final class Read {
        private final Extent extent;

        Read(final Extent extent) {
            this.extent = extent;
        }
    }

    /** The kernel is about to be told to drop all pages. */
    synchronized void dropBegins() {
        if (dropping == 0) {
            readMeanwhile = Extent.NONE;
        }
        dropping++;
        dropped = true;
    }

    /** It has dropped them. */
    synchronized void dropEnds() {
        dropping--;
        if (dropping == 0) {
            read = readMeanwhile;
        }
    }

    /**
     * The kernel may drop pages of its own accord from now on, as it does when it hears of another size.
     *
     * @param now of {@link System#nanoTime}
     */
    synchronized void mayBeDropped(final long now) {
        dropped = true;
        mayDropSince = now;
    }

    /** As {@link #mayBeDropped}, from now on for good. */
    synchronized void mayAlwaysBeDropped() {
        alwaysDropping = true;
        dropped = true;
    }

    /**
     * The kernel reads so many bytes; to be said before the server is asked.
     *
     * @return to be run once the kernel has its reply; empty if that need not be known
     */
    synchronized Optional<Runnable> reading(final long offset, final int count) {
        if (!dropped) {
            return Optional.empty();
        }
        final Read begun = new Read(new Extent(offset, offset + count));
        read = read.and(begun.extent);
        readMeanwhile = readMeanwhile.and(begun.extent);
        underWay.add(begun);
        return Optional.of(() -> replied(begun));
    }

    private synchronized void replied(final Read read) {
        underWay.remove(read);
        notifyAll();
    }

    /** Waits until the kernel has its replies to the reads of these bytes; false if this was interrupted. */
    @GuardedBy("this")
    private boolean awaitReplies(final Extent extent) {
        final List<Read> reads =
                underWay.stream().filter(read -> read.extent.meets(extent)).toList();
        try {
            while (!Collections.disjoint(reads, underWay)) {
                wait();
            }
            return true;
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /**
     * The server has written for a program, which has not been told yet. Waits for the replies to reads of these bytes, of
     * which none waits for the write.
     *
     * @param drop run if the kernel may have older bytes than these
     */
    void written(final long offset, final int count, final PageDrop drop) {
        final Extent extent = new Extent(offset, offset + count);
        final boolean beingRead;
        synchronized (this) {
            if (!read.meets(extent)) {
                forget();
                return;
            }
            droppingAgain++;
            beingRead = !awaitReplies(extent);
        }
        boolean inTime = false;
        try {
            inTime = drop.drop(beingRead);
        } finally {
            droppedAgain(inTime);
        }
    }

    /** @param inTime whether that was before the program was told: then its next write is not overtaken by this drop */
    private synchronized void droppedAgain(final boolean inTime) {
        droppingAgain--;
        if (inTime) {
            forget();
        }
    }

    @GuardedBy("this")
    private void forget() {
        if (dropping == 0 && droppingAgain == 0) {
            dropped = alwaysDropping || System.nanoTime() - mayDropSince < DROPS_WITHIN;
            read = Extent.NONE;
        }
    }
}
