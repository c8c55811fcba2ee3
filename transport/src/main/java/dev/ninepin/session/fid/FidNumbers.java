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
 * <p>Fids end with their connection, and their owners learn of it later. So the numbers of a new connection begin above
 * all earlier ones, and no number ever means two fids. On the wire, the numbers of each connection begin at 0: the
 * session subtracts {@link #first}.
 *
 * <p>Any thread may call any method.
 */
final class FidNumbers {
    @GuardedBy("this")
    private final ArrayDeque<Integer> free = new ArrayDeque<>();

    /**
     * The first number of the latest connection. Fids with smaller numbers, unsigned, are lost. Read without the lock.
     */
    private volatile int first;

    @GuardedBy("this")
    private int next;

    /**
     * A number above all those given out before the server refused one as too large. {@link #next} may be smaller then.
     * Unsigned.
     */
    @GuardedBy("this")
    private int highest;

    @GuardedBy("this")
    private int used;

    /** How many of the numbers in use have a fid that is being ended. */
    @GuardedBy("this")
    private int ending;

    /** The server accepts only numbers on the wire below this one. Unsigned. */
    @GuardedBy("this")
    private int limit = Tattach.NOFID;

    /**
     * The server is known to accept all numbers on the wire below this one, so ERANGE for one of these has another
     * cause. Unsigned.
     */
    @GuardedBy("this")
    private int proven;

    /** How many numbers of the latest connection belong to fids that were given up and may still exist. */
    @GuardedBy("this")
    private int abandoned;

    /**
     * Begins the numbers of a new connection, which has one fid with the number 0 on the wire. Returns the number of
     * that fid. All earlier fids are lost: their owners give the numbers back without a request.
     */
    synchronized int beginConnection() {
        used -= abandoned;
        abandoned = 0;
        free.clear();
        first = Integer.compareUnsigned(highest, next) < 0 ? next : highest;
        next = first + 1;
        used++;
        notifyAll();
        return first;
    }

    /** Returns the first number of the latest connection. */
    int first() {
        return first;
    }

    /** Returns whether a fid has ended with its connection. */
    boolean isLost(final int number) {
        return Integer.compareUnsigned(number, first) < 0;
    }

    /** Records that nobody uses a fid any more, and that the fid may exist until its connection ends. */
    synchronized void abandon(final int number) {
        if (isLost(number)) {
            used--;
        } else {
            abandoned++;
        }
    }

    /** Takes a number that no fid has; empty if all numbers that the server accepts are in use. */
    synchronized OptionalInt tryTake() {
        final Integer reused = free.pollFirst();
        if (reused == null && next - first == limit) {
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
        if (!isLost(number) && Integer.compareUnsigned(number - first, limit) < 0) {
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
        if (!isLost(number) && Integer.compareUnsigned(number - first, proven) >= 0) {
            proven = number - first + 1;
        }
    }

    /** Returns whether the server is known to accept a number, so that ERANGE has another cause. */
    synchronized boolean isKnownValid(final int number) {
        return Integer.compareUnsigned(number - first, proven) < 0;
    }

    /**
     * Returns whether a request to make a fid failed because the number is too large. If so, numbers as large or larger
     * are not given out any more.
     *
     * @param errno the server's answer to the request
     */
    synchronized boolean learnLimit(final int number, final int errno) {
        if (errno != RemoteException.ERANGE || isLost(number) || isKnownValid(number)) {
            return false;
        }
        if (Integer.compareUnsigned(number - first, limit) < 0) {
            final int refused = number - first;
            limit = refused;
            // The owners of larger numbers may still have them.
            highest = Integer.compareUnsigned(highest, next) < 0 ? next : highest;
            next = Integer.compareUnsigned(next - first, limit) < 0 ? next : number;
            free.removeIf(each -> Integer.compareUnsigned(each - first, refused) >= 0);
        }
        return true;
    }

    /** Returns how many numbers are in use. */
    synchronized int used() {
        return used;
    }
}
