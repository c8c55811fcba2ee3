package dev.ninepin.share;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The locks on one file that know of each other: fcntl(2)'s, or flock(2)'s. An owner has at most one lock on each byte;
 * locks of one owner and mode are one, if no byte is between them. One thread at a time.
 */
final class RangeLocks {
    private List<FileLock> locks = new ArrayList<>(0);

    /** The lock of another owner that is in the way of {@code wanted}, and begins first of those. */
    Optional<FileLock> conflict(final FileLock wanted) {
        return locks.stream()
                .filter(lock ->
                        lock.owner() != wanted.owner() && lock.mode().excludes(wanted.mode()) && lock.overlaps(wanted))
                .min(Comparator.comparingLong(FileLock::first));
    }

    /** Gives the owner of {@code lock} that, and nothing else on its bytes. Nothing may be in its way. */
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

    /** Frees these locks, and says whether there were any. */
    boolean free(final Predicate<FileLock> which) {
        return locks.removeIf(which);
    }

    /** The strongest of the locks that are held by these. */
    LockMode strongest(final Predicate<FileLock> which) {
        return locks.stream().filter(which).map(FileLock::mode).reduce(LockMode.NONE, LockMode::or);
    }

    /** All that is held, in no order. */
    List<FileLock> all() {
        return List.copyOf(locks);
    }
}
