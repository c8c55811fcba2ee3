package dev.ninepin.session.fid;

import dev.ninepin.session.fid.PathFid.UserFid;
import java.util.ArrayDeque;

/**
 * The path fids in the order in which they are next considered for clunking. A fid that is pinned, or was used since it
 * was last considered, goes to the end (the CLOCK algorithm). Not thread-safe: the caller holds the lock of {@link
 * PathFids}, and clunks the evicted fids after releasing it.
 */
final class FidClock {
    /** The part of the limit that is evicted at once: to clunk many fids together costs less. */
    private static final int SHARE_AT_ONCE = 256;

    private final ArrayDeque<UserFid> clock = new ArrayDeque<>();
    private final CopiesAhead copies;
    private final int max;

    /**
     * @param copies the copies of these fids, which leave with them
     * @param max the number of fids above which {@link #enter} evicts some
     */
    FidClock(final CopiesAhead copies, final int max) {
        this.copies = copies;
        this.max = max;
    }

    /** Enters a new fid, and evicts fids beyond the limit to {@code evicted}. */
    void enter(final UserFid place, final Surplus evicted) {
        place.recentlyUsed = true;
        if (!place.inClock) {
            place.inClock = true;
            clock.addLast(place);
        }
        if (clock.size() > max) {
            evict(clock.size() - max + max / SHARE_AT_ONCE, evicted);
        }
    }

    /** Evicts up to {@code count} fids to {@code evicted}. */
    void evict(final int count, final Surplus evicted) {
        for (int looks = 2 * clock.size(); evicted.size() < count && !clock.isEmpty() && looks > 0; looks--) {
            advance(evicted);
        }
    }

    /** Empties the clock, and evicts all fids to {@code evicted}. */
    void dropAll(final Surplus evicted) {
        clock.forEach(place -> {
            place.inClock = false;
            place.drop(copies, evicted);
        });
        clock.clear();
    }

    /** Evicts the next fid to {@code evicted}, unless it is pinned or was recently used. */
    private void advance(final Surplus evicted) {
        final UserFid candidate = clock.removeFirst();
        candidate.inClock = false;
        if (candidate.live == null) {
            return;
        }
        if (candidate.live.pins > 0 || candidate.recentlyUsed) {
            candidate.recentlyUsed = false;
            candidate.inClock = true;
            clock.addLast(candidate);
        } else {
            candidate.drop(copies, evicted);
        }
    }
}
