package dev.ninepin.share.inode;

import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.operations.FileOperations;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A table of open files or directories that gives each a number for the kernel. A number is never
 * {@code Share.NO_HANDLE}, and never reused. Any thread may call any method.
 *
 * @param <T> the type of the open files or directories
 */
public final class Handles<T> {
    private final Map<Long, T> open = new ConcurrentHashMap<>();
    private final AtomicLong last = new AtomicLong(FileOperations.NO_HANDLE);

    /** Adds an open file or directory, and returns its handle. */
    public long add(final T opened) {
        final long handle = last.incrementAndGet();
        open.put(handle, opened);
        return handle;
    }

    /** Returns the last handle that was given out. */
    public long last() {
        return last.get();
    }

    /** Makes all future handles larger than {@code handle}. */
    public void continueAfter(final long handle) {
        last.set(handle);
    }

    /** Adds an object under a handle that it had in another program. */
    public void takeOver(final long handle, final T opened) {
        open.put(handle, opened);
    }

    /** Returns what a handle stands for. EBADF if the handle is not in the table. */
    public T get(final long handle) throws ErrnoException {
        final T opened = open.get(handle);
        if (opened == null) {
            throw new ErrnoException(Errno.EBADF, "there is no handle " + handle);
        }
        return opened;
    }

    /** Removes a handle from the table, and returns what it stood for. EBADF if the handle is not in the table. */
    public T remove(final long handle) throws ErrnoException {
        final T opened = open.remove(handle);
        if (opened == null) {
            throw new ErrnoException(Errno.EBADF, "there is no handle " + handle);
        }
        return opened;
    }

    /** Returns the handles in the table. Handles added or removed during the iteration may or may not appear. */
    public Iterable<Long> all() {
        return open.keySet();
    }
}
