package dev.ninepin.session.fid;

import dev.ninepin.session.fid.PathFid.LiveFid;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The path fids that have a {@link CopyAhead}, oldest first, and the limit on them. Not thread-safe: the caller holds the
 * lock of {@link PathFids}, and ends the surplus copies after releasing it.
 */
final class CopiesAhead {
    /** The maximum number of copies. */
    private static final int MOST = 256;

    /** The part of the limit on path fids that copies may use. */
    private static final int SHARE = 16;

    /**
     * How long a copy must have been unused before another path may have its place, in nanoseconds. Programs that open
     * many files in turn would otherwise walk to copies that are never opened.
     */
    private static final long UNUSED = TimeUnit.SECONDS.toNanos(10);

    private final ArrayDeque<LiveFid> originals = new ArrayDeque<>();
    private final int max;

    /** @param maxFids the limit on path fids and their copies together */
    CopiesAhead(final int maxFids) {
        this.max = Math.min(MOST, maxFids / SHARE);
    }

    /** Returns the limit on copies. */
    int max() {
        return max;
    }

    /** Returns the number of copies. */
    int count() {
        return originals.size();
    }

    /** Returns whether a copy of a path fid should be made: the path was opened again, and there is room for a copy. */
    boolean isWanted(final LiveFid original) {
        return original.opens > 1
                && original.copy == null
                && !original.beginsCopy
                && !original.dropped
                && hasRoom(System.nanoTime());
    }

    private boolean hasRoom(final long now) {
        if (originals.size() < max) {
            return true;
        }
        final LiveFid oldest = originals.peekFirst();
        final CopyAhead unused = oldest == null ? null : oldest.copy;
        return unused != null && now - unused.walk().begunNanos() > UNUSED;
    }

    /**
     * Adds a copy of a path fid that has none. Moves to {@code surplus} what is too much: the oldest copy beyond the
     * limit, or the new one if the path fid has left the table.
     */
    void add(final LiveFid original, final CopyAhead copy, final Surplus surplus) {
        if (original.dropped) {
            end(original, copy, surplus);
            return;
        }
        original.copy = copy;
        originals.addLast(original);
        if (originals.size() > max) {
            drop(originals.getFirst(), surplus);
        }
    }

    /** Takes the copy of a path fid; null if there is none. */
    @Nullable
    CopyAhead take(final LiveFid original) {
        final CopyAhead copy = original.copy;
        if (copy != null) {
            original.copy = null;
            originals.remove(original);
        }
        return copy;
    }

    /** Moves the copy of a path fid to {@code surplus}, if there is one. */
    void drop(final LiveFid original, final Surplus surplus) {
        final CopyAhead copy = take(original);
        if (copy != null) {
            end(original, copy, surplus);
        }
    }

    private static void end(final LiveFid original, final CopyAhead copy, final Surplus surplus) {
        if (!copy.isAnswered()) {
            original.walkAhead = copy.walk();
        }
        surplus.add(copy);
    }

    /** Moves all copies to {@code surplus}. */
    void dropAll(final Surplus surplus) {
        while (!originals.isEmpty()) {
            drop(originals.getFirst(), surplus);
        }
    }
}
