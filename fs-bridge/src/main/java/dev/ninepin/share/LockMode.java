package dev.ninepin.share;

import dev.ninepin.p9.LockType;

/** What a lock lets others do; from the weakest to the strongest. */
public enum LockMode {
    /** No lock: to ask for it is to unlock. */
    NONE(LockType.UNLCK),

    /** Others may have shared locks too: fcntl(2)'s F_RDLCK, flock(2)'s LOCK_SH. */
    SHARED(LockType.RDLCK),

    /** Nobody else has any lock: F_WRLCK, LOCK_EX. */
    EXCLUSIVE(LockType.WRLCK);

    private final int type;

    LockMode(final int type) {
        this.type = type;
    }

    /** The {@link LockType} that says the same. */
    int type() {
        return type;
    }

    /** The stronger of the two. */
    LockMode or(final LockMode other) {
        return compareTo(other) >= 0 ? this : other;
    }

    /** Whether two owners can't have these on the same bytes. */
    boolean excludes(final LockMode other) {
        return this != NONE && other != NONE && or(other) == EXCLUSIVE;
    }
}
