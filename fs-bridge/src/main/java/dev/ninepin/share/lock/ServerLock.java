package dev.ninepin.share.lock;

import dev.ninepin.operations.LockMode;
import dev.ninepin.share.inode.OpenFile;
import dev.ninepin.share.path.Uninterrupted;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The one lock that the server holds on a file for all programs on this host. It is held through the fid of the open
 * file that first requested it, and that fid stays open as long as the lock is held. Not thread-safe: {@link
 * LockedFile} serializes all calls.
 */
final class ServerLock {
    private final LockRequests requests;
    private final IntConsumer clunk;

    /** The open file whose fid holds the lock; null if there is none. */
    private @Nullable OpenFile over;

    /** The lock that the server holds; null if a request failed, so that its state is unknown. */
    private @Nullable LockMode held = LockMode.NONE;

    /** @param clunk clunks a fid that is no longer needed */
    ServerLock(final LockRequests requests, final IntConsumer clunk) {
        this.requests = requests;
        this.clunk = clunk;
    }

    /**
     * Makes the server hold at least {@code mode}. If this fails, {@link #lower} must follow: flock(2), which diod
     * calls, releases the present lock before it tries for a stronger one.
     *
     * @return false if another client's lock conflicts
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
     * Makes the server hold exactly {@code mode}, even if the thread is interrupted.
     *
     * @return false if the server has given the lock to another client meanwhile
     */
    boolean lower(final LockMode mode) throws IOException {
        if (over == null) {
            return mode == LockMode.NONE;
        }
        if (held != mode) {
            held = null;
            if (!setUninterrupted(over.fid(), mode)) {
                return false;
            }
            held = mode;
        }
        if (mode == LockMode.NONE) {
            forget();
        }
        return true;
    }

    /** Sets the server's lock; if interrupted, sends the request again without interruption. */
    private boolean setUninterrupted(final int fid, final LockMode mode) throws IOException {
        try {
            return requests.set(fid, mode);
        } catch (final InterruptedIOException e) {
            final boolean[] done = new boolean[1];
            Uninterrupted.run(() -> done[0] = requests.set(fid, mode));
            return done[0];
        }
    }

    /** Returns the mode of another client's lock that conflicts with {@code wanted}; NONE if there is none. */
    LockMode inTheWay(final LockMode wanted, final OpenFile file) throws IOException {
        return holds(wanted) ? LockMode.NONE : requests.inTheWay(over == null ? file.fid() : over.fid(), wanted);
    }

    /** Returns whether the server is known to hold {@code mode}, or a stronger lock. */
    boolean holds(final LockMode mode) {
        return held != null && held.compareTo(mode) >= 0;
    }

    /** Records that the server holds no lock, or will release it when the fid is clunked. */
    void forget() {
        if (over != null) {
            over.giveUpFid(clunk);
            over = null;
        }
        held = LockMode.NONE;
    }
}
