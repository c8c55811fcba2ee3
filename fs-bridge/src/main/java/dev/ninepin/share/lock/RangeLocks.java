package dev.ninepin.share.lock;

import dev.ninepin.operations.FileLock;
import dev.ninepin.operations.LockMode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The locks on one file that can conflict with each other: either those of fcntl(2) or those of flock(2). An owner has
 * at most one lock on each byte. Adjacent locks of the same owner and mode are merged. Not thread-safe: {@link
 * LockedFile} serializes all calls.
 */
final class RangeLocks {
    private List<FileLock> locks = new ArrayList<>(0);

    /** Returns the first lock, by its start, of another owner that conflicts with {@code wanted}. */
    Optional<FileLock> conflict(final FileLock wanted) {
        return locks.stream()
                .filter(lock ->
                        lock.owner() != wanted.owner() && lock.mode().excludes(wanted.mode()) && lock.overlaps(wanted))
                .min(Comparator.comparingLong(FileLock::first));
    }

    /** Sets a lock, which replaces the owner's other locks on the same bytes. No lock may conflict with it. */
    void set(final FileLock lock) {
        final List<FileLock> kept = new ArrayList<>(locks.size() + 2);
        FileLock made = lock;
        for (final FileLock old : locks) {
            if (old.owner() != lock.owner() || !old.touches(lock)) {
                kept.add(old);
            } else if (old.mode() == lock.mode()) {
                made = made.of(Math.min(made.first(), old.first()), Math.max(made.last(), old.last()));
            } else if (!old.overlaps(lock)) {
                kept.add(old);
            } else {
                if (old.first() < lock.first()) {
                    kept.add(old.of(old.first(), lock.first() - 1));
                }
                if (old.last() > lock.last()) {
                    kept.add(old.of(lock.last() + 1, old.last()));
                }
            }
        }
        if (lock.mode() != LockMode.NONE) {
            kept.add(made);
        }
        locks = kept;
    }

    /** Releases the matching locks, and returns whether there were any. */
    boolean free(final Predicate<FileLock> which) {
        return locks.removeIf(which);
    }

    /** Returns the strongest mode among the matching locks; NONE if there are none. */
    LockMode strongest(final Predicate<FileLock> which) {
        return locks.stream().filter(which).map(FileLock::mode).reduce(LockMode.NONE, LockMode::or);
    }

    /** Returns all locks, in no particular order. */
    List<FileLock> all() {
        return List.copyOf(locks);
    }
}
