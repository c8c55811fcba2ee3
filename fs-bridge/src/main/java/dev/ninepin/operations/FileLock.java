package dev.ninepin.operations;

/**
 * A lock on a range of bytes of a file, held or requested.
 *
 * @param owner the owner, as the kernel numbers it: a process, or an open file description (flock(2), F_OFD_SETLK)
 * @param handle the open file through which the lock was requested
 * @param pid the process that requested the lock; 0 if it is on another host
 * @param mode the mode
 * @param first the first byte
 * @param last the last byte; {@link #TO_THE_END} for all following bytes
 */
public record FileLock(long owner, long handle, int pid, LockMode mode, long first, long last) {
    /** The {@link #last} byte of a lock that also covers all bytes added to the file later. */
    public static final long TO_THE_END = Long.MAX_VALUE;

    /** Creates a lock on the whole file. */
    public static FileLock whole(final long owner, final long handle, final int pid, final LockMode mode) {
        return new FileLock(owner, handle, pid, mode, 0, TO_THE_END);
    }

    /** Returns the same lock on other bytes. */
    public FileLock of(final long newFirst, final long newLast) {
        return new FileLock(owner, handle, pid, mode, newFirst, newLast);
    }

    public boolean overlaps(final FileLock other) {
        return first <= other.last && other.first <= last;
    }

    /** Returns whether the two ranges overlap or are adjacent. */
    public boolean touches(final FileLock other) {
        return overlaps(other) || last + 1 == other.first || other.last + 1 == first;
    }
}
