package dev.ninepin.session;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.Tattach;
import java.util.ArrayDeque;

/**
 * The numbers of fids: which are in use, from before the request that makes the fid until the reply to its Tclunk.
 * Any thread may call anything.
 */
final class FidNumbers {
    @GuardedBy("this")
    private final ArrayDeque<Integer> free = new ArrayDeque<>();

    @GuardedBy("this")
    private int next;

    /** A number that no fid has. */
    synchronized int take() {
        final Integer reused = free.pollFirst();
        if (reused != null) {
            return reused;
        }
        if (next == Tattach.NOFID) {
            throw new IllegalStateException("all 2^32 - 1 fids are in use");
        }
        return next++;
    }

    /** The number's fid is no more, or never was. */
    synchronized void giveBack(final int number) {
        free.addLast(number);
    }

    /** How many are in use. */
    synchronized int used() {
        return next - free.size();
    }
}
