package dev.ninepin.share.lock;

import dev.ninepin.operations.LockMode;
import dev.ninepin.share.inode.OpenFile;
import dev.ninepin.share.path.Uninterrupted;
import java.io.IOException;
import java.io.InterruptedIOException;
import org.jspecify.annotations.Nullable;

/**
 * The one lock that the server holds on a file for all programs on this host. It is held through the fid of the open
 * file that first requested it, and that fid stays open as long as the lock is held. Not thread-safe: {@link
 * LockedFile} serializes all calls.
 */
final class ServerLock {
    /** Less than the number of any connection. */
    private static final int BEFORE_ALL = -1;

    private final LockRequests requests;

    /** The open file whose fid holds the lock; null if there is none. */
    private @Nullable OpenFile holder;

    /** The lock that the server holds; null if a request failed, so that its state is unknown. */
    private @Nullable LockMode held = LockMode.NONE;

    /** The number of the connection over which the lock was requested. The lock ends with that connection. */
    private int connection;

    /** Whether {@link #regain} is running. */
    private boolean regaining;

    ServerLock(final LockRequests requests) {
        this.requests = requests;
        this.connection = requests.connection();
    }

    /** Takes over a lock of another program on an open file. The lock is requested again, like a lost lock. */
    void takeOver(final OpenFile file) {
        if (holder == null) {
            holder = file;
            connection = BEFORE_ALL;
            held = null;
            file.keepFid();
        }
    }

    /** Returns whether the lock has ended with its connection. */
    boolean isLost() {
        return holder != null && connection < requests.connection();
    }

    /**
     * Requests the lock again after its connection has ended. If this opens the file again, the open calls this method
     * a second time, which then does nothing.
     *
     * @param mode the lock that the programs on this host need
     * @return false if another client's lock conflicts
     */
    boolean regain(final LockMode mode) throws IOException {
        if (!isLost() || regaining) {
            return true;
        }
        if (mode == LockMode.NONE) {
            forget();
            return true;
        }
        regaining = true;
        try {
            // In this order: the request fails if a newer connection has begun.
            final int latest = requests.connection();
            held = null;
            if (!requests.setPatiently(requireHolder().fidDespiteLostLock(), mode)) {
                return false;
            }
            held = mode;
            connection = latest;
            return true;
        } finally {
            regaining = false;
        }
    }

    private OpenFile requireHolder() {
        if (holder == null) {
            throw new IllegalStateException("no lock is held");
        }
        return holder;
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
        if (holder == null) {
            holder = file;
            connection = requests.connection();
            file.keepFid();
        }
        final OpenFile current = holder;
        final int fid = current.fidDespiteLostLock();
        if (holder != current) {
            // The file was opened again, and another client had taken the lock.
            current.requireLock();
            return false;
        }
        final LockMode before = held;
        held = null;
        final boolean taken = requests.set(fid, mode);
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
        if (holder == null) {
            return mode == LockMode.NONE;
        }
        if (isLost() && mode != LockMode.NONE) {
            // The next I/O requests the lock again.
            return true;
        }
        if (held != mode && !isLost()) {
            held = null;
            if (!setUninterrupted(holder.fidDespiteLostLock(), mode)) {
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
        return holds(wanted)
                ? LockMode.NONE
                : requests.inTheWay((holder == null ? file : holder).fidDespiteLostLock(), wanted);
    }

    /** Returns whether the server is known to hold {@code mode}, or a stronger lock. */
    boolean holds(final LockMode mode) {
        return held != null && held.compareTo(mode) >= 0;
    }

    /** Records that the server holds no lock, or will release it when the fid is clunked. */
    void forget() {
        if (holder != null) {
            holder.giveUpFid();
            holder = null;
        }
        held = LockMode.NONE;
    }
}
