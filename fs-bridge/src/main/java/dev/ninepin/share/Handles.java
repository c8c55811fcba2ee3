package dev.ninepin.share;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Numbers for what is open, to be given to the kernel; never {@link Share#NO_HANDLE}, never reused. Any thread.
 *
 * @param <T> what is open
 */
final class Handles<T> {
    private final Map<Long, T> open = new ConcurrentHashMap<>();
    private final AtomicLong last = new AtomicLong(FileOperations.NO_HANDLE);

    long add(final T opened) {
        final long handle = last.incrementAndGet();
        open.put(handle, opened);
        return handle;
    }

    /** EBADF if there is none. */
    T get(final long handle) throws ErrnoException {
        final T opened = open.get(handle);
        if (opened == null) {
            throw new ErrnoException(Errno.EBADF, "there is no handle " + handle);
        }
        return opened;
    }

    /** Takes the handle back. EBADF if there is none. */
    T remove(final long handle) throws ErrnoException {
        final T opened = open.remove(handle);
        if (opened == null) {
            throw new ErrnoException(Errno.EBADF, "there is no handle " + handle);
        }
        return opened;
    }

    /** All that is open at some moment. */
    Iterable<Long> all() {
        return open.keySet();
    }
}
