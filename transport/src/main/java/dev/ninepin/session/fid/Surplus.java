package dev.ninepin.session.fid;

import java.util.ArrayList;
import java.util.List;

/**
 * Fids that were taken from the table under its lock, and are clunked after the lock is released. Used by one thread.
 */
final class Surplus {
    private final List<Integer> fids = new ArrayList<>(0);
    private final List<CopyAhead> copies = new ArrayList<>(0);

    void add(final int fid) {
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
     * Clunks the fids without waiting for the answers. Waits for the walks of copies first, since only a fid that was
     * made can be clunked.
     */
    void clunk(final OwnFids own, final Walks walks) {
        copies.forEach(walks::end);
        fids.forEach(own::clunk);
    }

    /** Clunks the fids like {@link #clunk}, at most until {@code deadline}, a {@link System#nanoTime}. */
    void clunk(final OwnFids own, final Walks walks, final long deadline) {
        for (final CopyAhead copy : copies) {
            if (walks.isMade(copy, deadline)) {
                fids.add(copy.number());
            }
        }
        own.clunkAll(fids, deadline);
    }
}
