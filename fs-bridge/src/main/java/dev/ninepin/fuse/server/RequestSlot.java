package dev.ninepin.fuse.server;

import com.google.errorprone.annotations.concurrent.GuardedBy;

/**
 * The request that a worker is serving, and the means to interrupt exactly that request, never the next one on the same
 * thread. Each request gets a token, and an interrupt names the token of its request.
 *
 * <p>The worker's thread calls {@link #enter} and {@link #leave}; any thread may call the other methods.
 */
final class RequestSlot {
    /** The value of {@link #serving} while no request is served. */
    private static final long NONE = 0;

    /** The number of low bits of a token that hold the slot's number. */
    private static final int NUMBER_BITS = 16;

    /** The number of possible slot numbers. */
    static final int NUMBERS = 1 << NUMBER_BITS;

    private final int number;
    private final Thread owner;

    @GuardedBy("this")
    private long sequence;

    @GuardedBy("this")
    private long serving = NONE;

    @GuardedBy("this")
    private long since;

    @GuardedBy("this")
    private boolean waits;

    /**
     * @param number the slot's number, unique in its mount, from 0 and below {@link #NUMBERS}
     * @param owner the thread that serves the requests
     */
    RequestSlot(final int number, final Thread owner) {
        this.number = number;
        this.owner = owner;
    }

    int number() {
        return number;
    }

    /** Returns the number of the slot that issued {@code token}. */
    static int numberOf(final long token) {
        return (int) (token & (NUMBERS - 1));
    }

    /**
     * Starts a request.
     *
     * @param now the current {@link System#nanoTime}
     * @param onlyWaits whether the request can be given up at any time, because nothing is half done
     * @return the request's token, never 0
     */
    synchronized long enter(final long now, final boolean onlyWaits) {
        waits = onlyWaits;
        sequence++;
        serving = (sequence << NUMBER_BITS) | number;
        since = now;
        return serving;
    }

    /** Ends the request, and clears the thread's interrupt status. The request is not interrupted after this. */
    synchronized void leave() {
        serving = NONE;
        Thread.interrupted();
    }

    /** Returns whether the request of {@code token} is still being served. */
    synchronized boolean serves(final long token) {
        return serving == token;
    }

    /** Interrupts the owner if it is still serving the request of {@code token}. */
    synchronized void interrupt(final long token) {
        if (serving == token) {
            owner.interrupt();
        }
    }

    /** Returns whether the request of {@code token} has ended, or can be given up at any time. */
    synchronized boolean isToEndAtOnce(final long token) {
        return serving != token || waits;
    }

    /** Interrupts the owner if it is serving any request. */
    synchronized void interruptAny() {
        if (serving != NONE) {
            owner.interrupt();
        }
    }

    /**
     * Returns how long the current request has been served so far, in nanoseconds, or -1 if there is none.
     *
     * @param now the current {@link System#nanoTime}
     */
    synchronized long age(final long now) {
        return serving == NONE ? -1 : Math.max(0, now - since);
    }
}
