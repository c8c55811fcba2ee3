package dev.ninepin.session;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.Tattach;
import java.util.ArrayDeque;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/**
 * The numbers of fids: which are in use, from before the request that makes the fid until the reply to its Tclunk.
 *
 * <p>A server may take small numbers only: nfs-ganesha keeps the fids of a connection in an array of 1024, and answers
 * ERANGE to a number beyond ({@code src/Protocols/9P/9p_walk.c}). Nothing announces that, so it is learned from the first
 * number that is refused. Any thread may call anything.
 */
final class FidNumbers {
    @GuardedBy("this")
    private final ArrayDeque<Integer> free = new ArrayDeque<>();

    @GuardedBy("this")
    private int next;

    @GuardedBy("this")
    private int used;

    /** How many of those in use are on their way back. */
    @GuardedBy("this")
    private int ending;

    /** The numbers below this one are those that the server takes, unsigned. */
    @GuardedBy("this")
    private int limit = Tattach.NOFID;

    /** The numbers below this one have been taken by the server: ERANGE for one of these has another reason. */
    @GuardedBy("this")
    private int proven;

    /** A number that no fid has; empty if all that the server takes are in use. */
    synchronized OptionalInt tryTake() {
        final Integer reused = free.pollFirst();
        if (reused == null && next == limit) {
            return OptionalInt.empty();
        }
        used++;
        return OptionalInt.of(reused == null ? next++ : reused);
    }

    /** As {@link #tryTake}, but waits as long as numbers are on their way back, up to {@code patienceNanos}. */
    synchronized OptionalInt take(final long patienceNanos) throws InterruptedException {
        final long deadline = System.nanoTime() + patienceNanos;
        OptionalInt taken = tryTake();
        while (taken.isEmpty() && ending > 0) {
            final long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            if (millis <= 0) {
                break;
            }
            wait(millis);
            taken = tryTake();
        }
        return taken;
    }

    /** The number's fid is no more, or never was. */
    synchronized void giveBack(final int number) {
        used--;
        if (Integer.compareUnsigned(number, limit) < 0) {
            free.addLast(number);
            notifyAll();
        }
    }

    /** The number's fid is about to end; {@link #ended} follows. */
    synchronized void ending() {
        ending++;
    }

    /** The request that ends a fid is over. */
    synchronized void ended() {
        ending--;
        notifyAll();
    }

    /** The server has made a fid of this number. */
    synchronized void accepted(final int number) {
        if (Integer.compareUnsigned(number, proven) >= 0) {
            proven = number + 1;
        }
    }

    /** Returns whether the server takes a number: ERANGE has another reason then. */
    synchronized boolean areProven(final int number) {
        return Integer.compareUnsigned(number, proven) < 0;
    }

    /**
     * Whether {@code errno}, the answer to a request that was to make a fid, says that the number is too large. If so, no
     * number as large is given out any more.
     */
    synchronized boolean areRefusedFrom(final int number, final int errno) {
        if (errno != RemoteException.ERANGE || areProven(number)) {
            return false;
        }
        if (Integer.compareUnsigned(number, limit) < 0) {
            limit = number;
            next = Integer.compareUnsigned(next, limit) < 0 ? next : limit;
            free.removeIf(each -> Integer.compareUnsigned(each, number) >= 0);
        }
        return true;
    }

    /** How many are in use. */
    synchronized int used() {
        return used;
    }
}
