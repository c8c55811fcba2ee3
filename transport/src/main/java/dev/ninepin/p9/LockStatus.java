package dev.ninepin.p9;

/** The results of a lock request in an {@link Rlock}. */
public final class LockStatus {
    /** The lock was taken or released. */
    public static final int SUCCESS = 0;

    /** Another client or process holds a conflicting lock. */
    public static final int BLOCKED = 1;

    public static final int ERROR = 2;

    /** The server has restarted and waits for clients to reclaim their locks. */
    public static final int GRACE = 3;

    private LockStatus() {}
}
