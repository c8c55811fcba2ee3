package dev.ninepin.share;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The one lock that the server holds on a file for all programs of this host. It is held over the fid of whichever open
 * file asked first, which stays for as long as the lock does. One thread at a time.
 */
final class ServerLock {
    private final LockRequests requests;
    private final IntConsumer clunk;

    /** The open file whose fid the lock is held over; null while there is none. */
    private @Nullable OpenFile over;

    /** What the server holds; null if a request has failed, so that nobody knows. */
    private @Nullable LockMode held = LockMode.NONE;

    /** @param clunk gives up a fid that is no longer needed */
    ServerLock(final LockRequests requests, final IntConsumer clunk) {
        this.requests = requests;
        this.clunk = clunk;
    }

    /**
     * Has the server hold {@code mode} at least. If this fails, {@link #lower} must follow: flock(2), which diod calls,
     * gives up what it holds before it tries for more.
     *
     * @return false if another client is in the way
     */
    boolean raise(final LockMode mode, final OpenFile file) throws IOException {
        if (holds(mode)) {
            return true;
        }
        if (over == null) {
            over = file;
            file.keepFid();
        }
        final LockMode before = held;
        held = null;
        final boolean taken = requests.set(over.fid(), mode);
        if (taken) {
            held = mode;
        } else if (before == LockMode.NONE) {
            held = before;
        }
        return taken;
    }

    /**
     * Has the server hold {@code mode}, and no more; this is done even for a thread that is interrupted.
     *
     * @return false if the server has given what it held to another client
     */
    boolean lower(final LockMode mode) throws IOException {
        if (over == null) {
            return mode == LockMode.NONE;
        }
        if (held != mode) {
            held = null;
            if (!setWhateverComes(over.fid(), mode)) {
                return false;
            }
            held = mode;
        }
        if (mode == LockMode.NONE) {
            forget();
        }
        return true;
    }

    private boolean setWhateverComes(final int fid, final LockMode mode) throws IOException {
        try {
            return requests.set(fid, mode);
        } catch (final InterruptedIOException e) {
            final boolean[] done = new boolean[1];
            Uninterrupted.run(() -> done[0] = requests.set(fid, mode));
            return done[0];
        }
    }

    /** What of another client is in the way of a lock that is asked for over {@code file}. */
    LockMode inTheWay(final LockMode wanted, final OpenFile file) throws IOException {
        return holds(wanted) ? LockMode.NONE : requests.inTheWay(over == null ? file.fid() : over.fid(), wanted);
    }

    /** Whether the server is known to hold {@code mode}, or more. */
    boolean holds(final LockMode mode) {
        return held != null && held.compareTo(mode) >= 0;
    }

    /** The server holds nothing any more, or will not when the fid has gone. */
    void forget() {
        if (over != null) {
            over.giveUpFid(clunk);
            over = null;
        }
        held = LockMode.NONE;
    }
}
