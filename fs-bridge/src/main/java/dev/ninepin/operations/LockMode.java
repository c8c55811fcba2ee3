package dev.ninepin.operations;

import dev.ninepin.p9.LockType;

/** The modes of a lock, from the weakest to the strongest. */
public enum LockMode {
    /** No lock: requesting it unlocks. */
    NONE(LockType.UNLCK),

    /** Other owners may hold shared locks too: fcntl(2)'s F_RDLCK, flock(2)'s LOCK_SH. */
    SHARED(LockType.RDLCK),

    /** No other owner may hold a lock: fcntl(2)'s F_WRLCK, flock(2)'s LOCK_EX. */
    EXCLUSIVE(LockType.WRLCK);

    private final int type;

    LockMode(final int type) {
        this.type = type;
    }

    /** Returns the number of {@link LockType} for this mode. */
    public int type() {
        return type;
    }

    /** Returns the stronger of the two modes. */
    public LockMode or(final LockMode other) {
        return compareTo(other) >= 0 ? this : other;
    }

    /** Returns whether two owners cannot hold locks of these modes on the same bytes. */
    public boolean excludes(final LockMode other) {
        return this != NONE && other != NONE && or(other) == EXCLUSIVE;
    }
}
