package dev.ninepin.share.lock;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The owners on this host that wait for a lock, and the owners that they wait for. Detects deadlocks. Any thread may
 * call any method; no other lock is acquired under this one.
 */
final class LockWaits {
    /**
     * The maximum number of concurrent waits. Each wait occupies a thread that serves the kernel, and enough threads
     * must remain to receive unlock requests.
     */
    static final int MOST = 512;

    @GuardedBy("this")
    private final List<Wait> waits = new ArrayList<>();

    /** Whether waits are kept from ending, because another program is about to take them over. */
    @GuardedBy("this")
    private boolean held;

    /**
     * A wait of one owner.
     *
     * @param holder the owner that holds the lock; null if it is another client, or an owner that waits for no lock
     */
    private record Wait(long owner, @Nullable Long holder) {}

    /** A registered wait, which ends when it is closed. */
    interface Waiting extends AutoCloseable {
        /** Ends the wait. Returns false, and does not end it, while waits are held ({@link LockWaits#hold}). */
        boolean end();

        @Override
        void close();
    }

    /**
     * Registers a wait of {@code owner} for another client, or for a lock of flock(2).
     *
     * @throws ErrnoException ENOLCK if too many owners wait
     */
    Waiting begin(final long owner) throws ErrnoException {
        return add(new Wait(owner, null));
    }

    /**
     * Registers a wait of {@code owner} for {@code holder}.
     *
     * @throws ErrnoException EDEADLK if {@code holder} waits for {@code owner}, directly or indirectly; ENOLCK if too
     *     many owners wait
     */
    synchronized Waiting begin(final long owner, final long holder) throws ErrnoException {
        if (waitsFor(holder, owner)) {
            throw new ErrnoException(Errno.EDEADLK, "deadlock: the holder of the lock waits for the requester");
        }
        return add(new Wait(owner, holder));
    }

    private synchronized Waiting add(final Wait wait) throws ErrnoException {
        if (waits.size() >= MOST) {
            throw new ErrnoException(Errno.ENOLCK, "too many requests wait for locks; the limit is " + MOST);
        }
        waits.add(wait);
        return new Waiting() {
            @Override
            public boolean end() {
                return endUnlessHeld(wait);
            }

            @Override
            public void close() {
                LockWaits.this.end(wait);
            }
        };
    }

    private synchronized void end(final Wait wait) {
        waits.remove(wait);
    }

    private synchronized boolean endUnlessHeld(final Wait wait) {
        if (!held) {
            waits.remove(wait);
        }
        return !held;
    }

    /** Keeps all waits from ending until {@link #release}, and returns their number. */
    synchronized int hold() {
        held = true;
        return waits.size();
    }

    /** Lets waits end again. */
    synchronized void release() {
        held = false;
    }

    /** Returns whether one owner waits for another, directly or indirectly. */
    @GuardedBy("this")
    private boolean waitsFor(final long first, final long last) {
        final Set<Long> reached = new HashSet<>(Set.of(first));
        boolean more = true;
        while (more && !reached.contains(last)) {
            more = false;
            for (final Wait wait : waits) {
                if (wait.holder() != null && reached.contains(wait.owner())) {
                    more |= reached.add(wait.holder());
                }
            }
        }
        return reached.contains(last);
    }
}
