package dev.ninepin.p9;

/** What {@link Rlock} says of a lock that was asked for. */
public final class LockStatus {
    /** It is held, or freed. */
    public static final int SUCCESS = 0;

    /** Another has one that is in the way. */
    public static final int BLOCKED = 1;

    public static final int ERROR = 2;

    /** The server has begun anew, and waits for those who held locks before to say so. */
    public static final int GRACE = 3;

    private LockStatus() {}
}
