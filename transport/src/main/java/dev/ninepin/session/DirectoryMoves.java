package dev.ninepin.session;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The renames of directories, which change the paths of all that is below. What depends on a path can be done steadily:
 * again, if it found nothing only because a directory was moved meanwhile. Any thread.
 */
public final class DirectoryMoves {
    /** How often something is tried that fails because directories are moved meanwhile. */
    private static final int MOST_TRIES = 10;

    /** Counts the directories that were moved. */
    @GuardedBy("this")
    private long moves;

    /** Those who are just moving a directory. */
    @GuardedBy("this")
    private final List<Thread> movers = new ArrayList<>();

    /** A directory is being moved, until this is closed: it may be at its old path or at its new one. */
    public final class Move implements AutoCloseable {
        private Move() {}

        @Override
        public void close() {
            end();
        }
    }

    /** What may fail only because a directory is being moved. */
    @FunctionalInterface
    public interface Attempt<T> {
        T run() throws IOException;
    }

    /** How many directories were moved so far. */
    synchronized long count() {
        return moves;
    }

    /** A directory has got its new path; returns how many have, by now. */
    synchronized long done() {
        return ++moves;
    }

    /** Says that this thread is about to move a directory; to be closed after {@link FidTable#moved}. */
    public synchronized Move begin() {
        movers.add(Thread.currentThread());
        return new Move();
    }

    private synchronized void end() {
        movers.remove(Thread.currentThread());
        notifyAll();
    }

    /**
     * Tries what finds nothing (a {@link StaleFileException}, or ENOENT) again if a directory was moved meanwhile: so
     * nobody sees the moment at which a directory is at its new path on the server, and here still at its old one.
     */
    public <T> T steadily(final Attempt<T> attempt) throws IOException {
        for (int tries = 1; ; tries++) {
            final long before = count();
            try {
                return attempt.run();
            } catch (final StaleFileException | RemoteException e) {
                final boolean nothing =
                        !(e instanceof RemoteException refusal) || refusal.errno() == RemoteException.ENOENT;
                if (!nothing || tries == MOST_TRIES || !movedSince(before)) {
                    throw e;
                }
            }
        }
    }

    /** Whether a directory was moved since; waits for one that just is, unless by this thread. */
    private synchronized boolean movedSince(final long before) {
        final boolean moving = !movers.isEmpty();
        if (movers.contains(Thread.currentThread())) {
            return false;
        }
        try {
            while (!movers.isEmpty() && moves == before) {
                wait();
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        return moving || moves != before;
    }
}
