package dev.ninepin.session.fid;

import dev.ninepin.session.fid.PathFid.LiveFid;
import java.util.ArrayList;
import java.util.List;

/**
 * Fids that were taken from the table under its lock, and are clunked after the lock is released. Used by one thread.
 */
final class Surplus {
    private final List<LiveFid> fids = new ArrayList<>(0);
    private final List<CopyAhead> copies = new ArrayList<>(0);

    void add(final int fid) {
        fids.add(new LiveFid(fid));
    }

    void add(final LiveFid fid) {
        fids.add(fid);
    }

    void add(final CopyAhead copy) {
        copies.add(copy);
    }

    /** Returns the number of fids, without copies. */
    int size() {
        return fids.size();
    }

    boolean isEmpty() {
        return fids.isEmpty() && copies.isEmpty();
    }

    /**
     * Clunks the fids without waiting for the answers. A fid whose copy is still being walked is clunked later, and so is
     * the copy: no Tclunk may overtake the walk.
     */
    void clunk(final OwnFids own, final Walks walks) {
        copies.forEach(walks::end);
        if (fids.size() > 1) {
            own.clunkTogether(fids);
        } else {
            fids.forEach(own::clunk);
        }
    }

    /**
     * Clunks all fids after the walks of their copies. Waits for these walks and for tags, at most until {@code
     * deadline}, a {@link System#nanoTime}.
     */
    void clunk(final OwnFids own, final Walks walks, final long deadline) {
        final List<Integer> numbers = new ArrayList<>(fids.size() + copies.size());
        for (final CopyAhead copy : copies) {
            if (walks.isMade(copy, deadline)) {
                numbers.add(copy.number());
            }
        }
        fids.forEach(fid -> numbers.add(fid.number));
        own.clunkAll(numbers, deadline);
    }
}
