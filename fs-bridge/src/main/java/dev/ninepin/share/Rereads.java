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
 * those pages were dropped again. (A page that the kernel writes back is not meant: while that is under way, it drops it
 * neither, nor reads it.)
 *
 * <p>Any thread; the lock guards all fields, nothing is done under it.
 */
final class Rereads {
    /** A server that takes longer for a read is not waited for, in nanoseconds. */
    private static final long MOST_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

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
    private final List<Extent> underWay = new ArrayList<>(0);

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

    /** The kernel may drop pages of its own accord, as it does when it hears of another size. */
    synchronized void mayBeDropped() {
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
        final Extent extent = new Extent(offset, offset + count);
        read = read.and(extent);
        readMeanwhile = readMeanwhile.and(extent);
        underWay.add(extent);
        return Optional.of(() -> replied(extent));
    }

    private synchronized void replied(final Extent extent) {
        underWay.remove(extent);
        notifyAll();
    }

    /** Waits until the kernel has its replies to the reads of these bytes, for a limited time; whether it has. */
    @GuardedBy("this")
    private boolean awaitReplies(final Extent extent) {
        final List<Extent> reads = underWay.stream().filter(extent::meets).toList();
        final long end = System.nanoTime() + MOST_NANOS;
        try {
            while (!Collections.disjoint(reads, underWay)) {
                final long left = end - System.nanoTime();
                if (left <= 0) {
                    return false;
                }
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
            return true;
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /**
     * The server has written for a program, which has not been told yet.
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
            dropped = false;
            read = Extent.NONE;
        }
    }
}
