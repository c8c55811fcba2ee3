package dev.ninepin.share;

/**
 * A lock on bytes of a file: one that is held, or is asked for.
 *
 * @param owner who locks, as the kernel numbers them: a process, or an open file description (flock(2), F_OFD_SETLK)
 * @param handle the open file over which the lock was asked for
 * @param pid the process that asked; 0 if it is none of this host's
 * @param mode what it lets others do
 * @param first the first byte
 * @param last the last byte; {@link #TO_THE_END} for all that follow
 */
public record FileLock(long owner, long handle, int pid, LockMode mode, long first, long last) {
    public static final long TO_THE_END = Long.MAX_VALUE;

    /** On the whole file. */
    public static FileLock whole(final long owner, final long handle, final int pid, final LockMode mode) {
        return new FileLock(owner, handle, pid, mode, 0, TO_THE_END);
    }

    /** The same lock, of other bytes. */
    FileLock of(final long newFirst, final long newLast) {
        return new FileLock(owner, handle, pid, mode, newFirst, newLast);
    }

    boolean overlaps(final FileLock other) {
        return first <= other.last && other.first <= last;
    }

    /** Whether there is no byte between the two. */
    boolean touches(final FileLock other) {
        return overlaps(other) || last + 1 == other.first || other.last + 1 == first;
    }
}
