package dev.ninepin.session.fid;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.Tattach;
import dev.ninepin.session.exchange.RemoteException;
import java.util.ArrayDeque;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/**
 * The numbers of fids, and which of them are in use. A number is in use from before the request that makes its fid
 * until the reply to the fid's Tclunk.
 *
 * <p>A server may accept small numbers only. nfs-ganesha keeps the fids of a connection in an array of 1024, and
 * answers ERANGE to larger numbers ({@code src/Protocols/9P/9p_walk.c}). The protocol does not announce such a limit,
 * so it is learned from the first number that is refused.
 *
 * <p>Any thread may call any method.
 */
final class FidNumbers {
    @GuardedBy("this")
    private final ArrayDeque<Integer> free = new ArrayDeque<>();

    @GuardedBy("this")
    private int next;

    @GuardedBy("this")
    private int used;

    /** How many of the numbers in use have a fid that is being ended. */
    @GuardedBy("this")
    private int ending;

    /** The server accepts only numbers below this one. Unsigned. */
    @GuardedBy("this")
    private int limit = Tattach.NOFID;

    /**
     * The server is known to accept all numbers below this one, so ERANGE for one of these has another cause. Unsigned.
     */
    @GuardedBy("this")
    private int proven;

    /** Takes a number that no fid has; empty if all numbers that the server accepts are in use. */
    synchronized OptionalInt tryTake() {
        final Integer reused = free.pollFirst();
        if (reused == null && next == limit) {
            return OptionalInt.empty();
        }
        used++;
        return OptionalInt.of(reused == null ? next++ : reused);
    }

    /**
     * Takes a number like {@link #tryTake}. If there is none, blocks while fids are being ended, at most for {@code
     * patienceNanos}.
     */
    synchronized OptionalInt take(final long patienceNanos) throws InterruptedException {
        final long deadline = System.nanoTime() + patienceNanos;
        OptionalInt taken = tryTake();
        while (taken.isEmpty() && ending > 0) {
            final long nanos = deadline - System.nanoTime();
            if (nanos <= 0) {
                break;
            }
            TimeUnit.NANOSECONDS.timedWait(this, nanos);
            taken = tryTake();
        }
        return taken;
    }

    /** Frees the number of a fid that has ended or was never made. */
    synchronized void giveBack(final int number) {
        used--;
        if (Integer.compareUnsigned(number, limit) < 0) {
            free.addLast(number);
            notifyAll();
        }
    }

    /** Announces that a fid is about to be ended. A call of {@link #finishEnd} must follow. */
    synchronized void beginEnd() {
        ending++;
    }

    /** Notes that the request which ends a fid is finished. */
    synchronized void finishEnd() {
        ending--;
        notifyAll();
    }

    /** Notes that the server has made a fid of this number. */
    synchronized void recordAccepted(final int number) {
        if (Integer.compareUnsigned(number, proven) >= 0) {
            proven = number + 1;
        }
    }

    /** Returns whether the server is known to accept a number, so that ERANGE has another cause. */
    synchronized boolean isKnownValid(final int number) {
        return Integer.compareUnsigned(number, proven) < 0;
    }

    /**
     * Returns whether a request to make a fid failed because the number is too large. If so, numbers as large or larger
     * are not given out any more.
     *
     * @param errno the server's answer to the request
     */
    synchronized boolean learnLimit(final int number, final int errno) {
        if (errno != RemoteException.ERANGE || isKnownValid(number)) {
            return false;
        }
        if (Integer.compareUnsigned(number, limit) < 0) {
            limit = number;
            next = Integer.compareUnsigned(next, limit) < 0 ? next : limit;
            free.removeIf(each -> Integer.compareUnsigned(each, number) >= 0);
        }
        return true;
    }

    /** Returns how many numbers are in use. */
    synchronized int used() {
        return used;
    }
}
