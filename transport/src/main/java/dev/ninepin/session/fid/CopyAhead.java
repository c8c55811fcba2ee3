package dev.ninepin.session.fid;

import dev.ninepin.p9.Rwalk;
import dev.ninepin.session.exchange.Call;

/**
 * A copy of a path fid that is walked before it is needed.
 *
 * @param number the copy's number
 * @param walk the request that makes the copy; it may be unanswered
 */
record CopyAhead(int number, Call<Rwalk> walk) {
    /** Returns whether the walk has succeeded or failed. */
    boolean isAnswered() {
        return walk.future().isDone();
    }
}
