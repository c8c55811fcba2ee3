package dev.ninepin.fuse;

/**
 * The request that a worker is serving, and the right to interrupt it: exactly that one, never the next that the same
 * thread serves. So each gets a token of its own, and an interrupt names the token that it is for.
 *
 * <p>The owner calls {@link #enter} and {@link #leave}; any thread may call the rest.
 */
final class RequestSlot {
    /** Given in place of a token while nothing is served. */
    private static final long NONE = 0;

    /** The low bits of a token say whose it is. */
    private static final int NUMBER_BITS = 16;

    /** How many numbers of slots there are. */
    static final int NUMBERS = 1 << NUMBER_BITS;

    private final int number;
    private final Thread owner;

    // All below is guarded by this slot's monitor.
    private long sequence;
    private long serving = NONE;
    private long since;
    private boolean waits;

    /** @param number tells the slots of a mount apart; from 0, below {@link #NUMBERS} */
    RequestSlot(final int number, final Thread owner) {
        this.number = number;
        this.owner = owner;
    }

    int number() {
        return number;
    }

    /** The number of the slot that gave {@code token}. */
    static int numberOf(final long token) {
        return (int) (token & (NUMBERS - 1));
    }

    /**
     * A request begins.
     *
     * @param now of {@link System#nanoTime}
     * @param onlyWaits whether it can be given up at any time, since nothing is half done
     * @return its token, never 0
     */
    synchronized long enter(final long now, final boolean onlyWaits) {
        waits = onlyWaits;
        sequence++;
        serving = (sequence << NUMBER_BITS) | number;
        since = now;
        return serving;
    }

    /** The request has ended. No interrupt of it comes after this, and none that came is left on the thread. */
    synchronized void leave() {
        serving = NONE;
        Thread.interrupted();
    }

    /** Whether the request of {@code token} is still served. */
    synchronized boolean serves(final long token) {
        return serving == token;
    }

    /** Interrupts the owner if it still serves the request of {@code token}. */
    synchronized void interrupt(final long token) {
        if (serving == token) {
            owner.interrupt();
        }
    }

    /** Whether the request of {@code token} is over, or can be given up at any time. */
    synchronized boolean isToEndAtOnce(final long token) {
        return serving != token || waits;
    }

    /** Interrupts the owner if it serves any request. */
    synchronized void interruptAny() {
        if (serving != NONE) {
            owner.interrupt();
        }
    }

    /** How long the request has been served, in nanoseconds; -1 if there is none. */
    synchronized long age(final long now) {
        return serving == NONE ? -1 : Math.max(0, now - since);
    }
}
