package dev.ninepin.session.fid;

import dev.ninepin.session.fid.PathFid.UserFid;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The path fids that may be clunked to make room. As in the CLOCK algorithm, a search passes over a fid that is pinned,
 * or was used since an earlier search passed it. But each search begins at a random place. Otherwise, a program that
 * repeatedly lists more files than fit would find none of their fids: each would be evicted just before its next use.
 *
 * <p>Not thread-safe: the caller holds the lock of {@link PathFids}, and clunks the evicted fids after releasing it.
 */
final class FidClock {
    /** Each eviction removes one in this many fids, because clunking fids together costs less. */
    private static final int SHARE_AT_ONCE = 256;

    /** The slots of the fids in no order. A slot without a fid stays until a search finds it. */
    private final List<UserFid> places = new ArrayList<>();

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
            places.add(place);
        }
        if (places.size() > max) {
            final int wanted = max - max / SHARE_AT_ONCE;
            boolean found = true;
            while (found && places.size() > wanted) {
                found = evictOne(evicted);
            }
        }
    }

    /** Evicts up to {@code count} fids to {@code evicted}. */
    void evict(final int count, final Surplus evicted) {
        boolean found = true;
        while (found && evicted.size() < count) {
            found = evictOne(evicted);
        }
    }

    /** Evicts all fids to {@code evicted}. */
    void dropAll(final Surplus evicted) {
        places.forEach(place -> {
            place.inClock = false;
            place.drop(copies, evicted);
        });
        places.clear();
    }

    /**
     * Evicts a fid to {@code evicted}, or removes a slot without a fid. Returns false if each fid is pinned.
     */
    private boolean evictOne(final Surplus evicted) {
        if (places.isEmpty()) {
            return false;
        }
        int at = ThreadLocalRandom.current().nextInt(places.size());
        for (int looks = 2 * places.size(); looks > 0; looks--) {
            final UserFid candidate = places.get(at);
            if (candidate.live == null || (candidate.live.pins == 0 && !candidate.recentlyUsed)) {
                remove(at);
                candidate.drop(copies, evicted);
                return true;
            }
            candidate.recentlyUsed = false;
            at = (at + 1) % places.size();
        }
        return false;
    }

    private void remove(final int at) {
        places.get(at).inClock = false;
        final UserFid last = places.remove(places.size() - 1);
        if (at < places.size()) {
            places.set(at, last);
        }
    }
}
