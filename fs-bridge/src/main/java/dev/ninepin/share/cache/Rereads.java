package dev.ninepin.share.cache;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The ranges of a file that the kernel has read again since its pages were dropped. This class decides whether a write
 * must drop pages once more.
 *
 * <p>A drop may overtake a write of a program, and the pages then lack the write. Only the first write that ends after
 * a drop can have been overtaken, and only if its range was read after the drop began. In that case, those pages are
 * dropped again before the write is answered. The description of this package shows the sequence.
 *
 * <p>Any thread may call any method. The object's monitor guards all fields, and no request is sent under it.
 */
final class Rereads {
    /** How long the kernel may take to drop pages after it was told a new file size, in nanoseconds. */
    private static final long DROPS_WITHIN = TimeUnit.SECONDS.toNanos(1);

    /** The number of drops of all pages that are under way. */
    @GuardedBy("this")
    private int dropping;

    /** The number of drops under way of the pages of one write. */
    @GuardedBy("this")
    private int droppingAgain;

    /** Whether pages may have been dropped since the last write ended. */
    @GuardedBy("this")
    private boolean dropped;

    /** The range that was read since the last finished drop began. */
    @GuardedBy("this")
    private Extent read = Extent.NONE;

    /** The range that was read since the drop under way began; that drop may still remove it. */
    @GuardedBy("this")
    private Extent readMeanwhile = Extent.NONE;

    /** The recorded reads whose replies the kernel has not received, in the order of their requests. */
    @GuardedBy("this")
    private final List<Read> underWay = new ArrayList<>(0);

    /** Whether the kernel may drop pages by itself at any time. */
    @GuardedBy("this")
    private boolean alwaysDropping;

    /** When the kernel may last have begun to drop pages by itself, by {@link System#nanoTime}. */
    @GuardedBy("this")
    private long mayDropSince = System.nanoTime() - DROPS_WITHIN;

    /** A range of bytes of a file, which may include bytes between the ranges that it was joined from. */
    private record Extent(long start, long end) {
        static final Extent NONE = new Extent(Long.MAX_VALUE, 0);

        Extent and(final Extent other) {
            return new Extent(Math.min(start, other.start), Math.max(end, other.end));
        }

        boolean meets(final Extent other) {
            return start < other.end && other.start < end;
        }
    }

    /** A read whose reply the kernel has not received; not a record, so that reads of the same range differ. */
    private static final class Read {
        private final Extent extent;

        Read(final Extent extent) {
            this.extent = extent;
        }
    }

    /** A way to drop the pages of a write before it is answered. */
    @FunctionalInterface
    interface Drop {
        /**
         * Drops the pages. If that takes long, answers the write first.
         *
         * @param beingRead whether the kernel waits for the reply to a read of these bytes
         * @return whether the drop was complete before the write was answered
         */
        boolean drop(boolean beingRead);
    }

    /** Records that the kernel is about to be told to drop all pages of the file. */
    synchronized void beginDrop() {
        if (dropping == 0) {
            readMeanwhile = Extent.NONE;
        }
        dropping++;
        dropped = true;
    }

    /** Records that the kernel has dropped them. */
    synchronized void endDrop() {
        dropping--;
        if (dropping == 0) {
            read = readMeanwhile;
        }
    }

    /**
     * Records that the kernel may drop pages by itself during the next second, as it does when it receives a new file
     * size.
     *
     * @param now the time by {@link System#nanoTime}
     */
    synchronized void mayBeDropped(final long now) {
        dropped = true;
        mayDropSince = now;
    }

    /** Records that the kernel may drop pages by itself at any time from now on. */
    synchronized void mayAlwaysBeDropped() {
        alwaysDropping = true;
        dropped = true;
    }

    /** Returns whether the kernel may drop pages on its own at any time. */
    synchronized boolean mayAlwaysDrop() {
        return alwaysDropping;
    }

    /** Assumes that the whole file was dropped and read again, because another program may have recorded this. */
    synchronized void takeOver(final boolean alwaysDrops) {
        dropped = true;
        alwaysDropping |= alwaysDrops;
        read = new Extent(0, Long.MAX_VALUE);
    }

    /**
     * Records a read. Must be called before the request is sent to the server.
     *
     * @param offset the first byte
     * @param count the number of bytes
     * @return an action to run once the kernel has received its reply; empty if that need not be known
     */
    synchronized Optional<Runnable> beginRead(final long offset, final int count) {
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

    /**
     * Blocks until the kernel has received the replies to all reads that overlap a range. Returns false if interrupted.
     */
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
     * Drops pages if a write may have been overtaken. Called when the write was sent, and before the program gets its
     * reply. Blocks until the reads of this range have been answered; none of them waits for the reply to the program.
     *
     * @param drop run if the kernel may have older bytes in this range
     */
    void dropIfOvertaken(final long offset, final int count, final Drop drop) {
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

    /**
     * Records the end of a drop of one write's pages.
     *
     * @param inTime whether the drop ended before the write was answered; then it cannot overtake the program's next
     *     write
     */
    private synchronized void droppedAgain(final boolean inTime) {
        droppingAgain--;
        if (inTime) {
            forget();
        }
    }

    /** Forgets the ranges that were read, unless a drop is under way. */
    @GuardedBy("this")
    private void forget() {
        if (dropping == 0 && droppingAgain == 0) {
            dropped = alwaysDropping || System.nanoTime() - mayDropSince < DROPS_WITHIN;
            read = Extent.NONE;
        }
    }
}
