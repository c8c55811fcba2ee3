package dev.ninepin.share;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Who waits for a lock, and for whom. Any thread; this has the innermost lock. */
final class LockWaits {
    /**
     * How many may wait at once. Each takes a thread that serves the kernel, and enough of those must be left to hear that
     * somebody unlocks.
     */
    static final int MOST = 512;

    @GuardedBy("this")
    private final List<Wait> waits = new ArrayList<>();

    /** @param holder null if that is no owner of this host, or can't wait for anybody */
    private record Wait(long owner, @Nullable Long holder) {}

    /** A wait, until it is closed. */
    @FunctionalInterface
    interface Waiting extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * {@code owner} is about to wait for another client, or for an owner that is not to be named.
     *
     * @throws ErrnoException with ENOLCK if too many do
     */
    Waiting begin(final long owner) throws ErrnoException {
        return add(new Wait(owner, null));
    }

    /**
     * {@code owner} is about to wait for {@code holder}.
     *
     * @throws ErrnoException with EDEADLK if that one waits for him, directly or not; with ENOLCK if too many wait
     */
    synchronized Waiting begin(final long owner, final long holder) throws ErrnoException {
        if (waitsFor(holder, owner)) {
            throw new ErrnoException(Errno.EDEADLK, "who holds the lock waits for one that is held by who asks");
        }
        return add(new Wait(owner, holder));
    }

    private synchronized Waiting add(final Wait wait) throws ErrnoException {
        if (waits.size() >= MOST) {
            throw new ErrnoException(Errno.ENOLCK, MOST + " requests wait for locks, and no more may");
        }
        waits.add(wait);
        return () -> end(wait);
    }

    private synchronized void end(final Wait wait) {
        waits.remove(wait);
    }

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
