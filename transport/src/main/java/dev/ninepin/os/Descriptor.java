package dev.ninepin.os;

import com.google.errorprone.annotations.CheckReturnValue;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * A file descriptor of this process, for system calls that Java's file classes do not offer. Any thread.
 *
 * <p>{@link #close} waits for the calls in progress, and later calls fail. So no call can reach another file that the
 * kernel has since given the same number.
 */
public final class Descriptor implements AutoCloseable {
    static final int READ_WRITE = 2;
    public static final int CLOSE_ON_EXEC = 0x80000;
    private static final int CREATE = 0x40;
    private static final int OWNER_ONLY = 0600;

    private static final int LOCK_EXCLUSIVE = 2;
    private static final int LOCK_NON_BLOCKING = 4;
    private static final short POLLIN = 1;
    private static final int POLLFD_SIZE = 8;
    private static final int POLLFD_EVENTS = 4;
    private static final int POLLFD_RETURNED = 6;
    private static final int EINTR = 4;
    private static final int EAGAIN = 11;

    private final int number;
    private final String name;

    /**
     * Held for reading during every call, so that {@link #isOpen} does not change meanwhile; held for writing by {@link
     * #close}.
     */
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();

    @GuardedBy("lock")
    private boolean isOpen = true;

    /** The buffer of a read or write of up to 8 bytes. */
    @GuardedBy("scratch")
    private final ByteBuffer scratch = ByteBuffer.allocateDirect(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);

    private final Pointer scratchPointer = Pointer.wrap(Runtime.getSystemRuntime(), scratch);

    private Descriptor(final int number, final String name) {
        this.number = number;
        this.name = name;
    }

    /**
     * Takes ownership of a descriptor.
     *
     * @param number the result of a system call that this thread has just made
     * @param name the name of the opened file, for messages
     * @throws IOException if {@code number} is negative; the message has the text of errno
     */
    public static Descriptor of(final int number, final String name) throws IOException {
        if (number < 0) {
            throw failure(name);
        }
        return new Descriptor(number, name);
    }

    /** Opens {@code path} for reading and writing. The file must exist. */
    public static Descriptor open(final String path) throws IOException {
        return of(LibC.INSTANCE.open(path, READ_WRITE | CLOSE_ON_EXEC), path);
    }

    /**
     * Opens {@code path} for reading and writing. Creates the file, accessible to its owner only, if it does not exist.
     */
    static Descriptor create(final String path) throws IOException {
        return of(LibC.INSTANCE.open(path, READ_WRITE | CLOSE_ON_EXEC | CREATE, OWNER_ONLY), path);
    }

    /** Returns the descriptor's number, which is valid while this object is open. */
    public int number() {
        return number;
    }

    /**
     * Calls ioctl(2) with a pointer argument.
     *
     * @param what the name of the request, for messages
     * @return the result of the call, 0 or more
     * @throws IOException if the call fails, or the descriptor is closed
     */
    public int ioctl(final String what, final long request, final Pointer argument) throws IOException {
        return (int) call(what, () -> LibC.INSTANCE.ioctl(number, request, argument));
    }

    /** Calls ioctl(2) with an integer argument; otherwise as {@link #ioctl(String, long, Pointer)}. */
    public int ioctl(final String what, final long request, final long argument) throws IOException {
        return (int) call(what, () -> LibC.INSTANCE.ioctl(number, request, argument));
    }

    /**
     * Takes an exclusive flock(2) lock without waiting. The lock lasts until {@link #close}.
     *
     * @return false if another open file description holds the lock
     */
    @CheckReturnValue
    boolean tryLock() throws IOException {
        return flock(LOCK_EXCLUSIVE | LOCK_NON_BLOCKING);
    }

    /** Takes an exclusive flock(2) lock, and blocks until it is available. The lock lasts until {@link #close}. */
    public void lock() throws IOException {
        if (!flock(LOCK_EXCLUSIVE)) {
            throw new IOException(name + " can't be locked");
        }
    }

    private boolean flock(final int operation) throws IOException {
        while (true) {
            if (LibC.INSTANCE.flock(number, operation) == 0) {
                return true;
            }
            final int error = Runtime.getSystemRuntime().getLastError();
            if (error == EAGAIN) {
                return false;
            }
            if (error != EINTR) {
                throw failure(name + ": locking");
            }
        }
    }

    /**
     * Reads 1, 2, 4 or 8 bytes at {@code offset} in one access. The value is little-endian; up to 4 bytes, it is
     * unsigned.
     */
    public long readAt(final long offset, final int width) throws IOException {
        synchronized (scratch) {
            final long count = call("read", () -> LibC.INSTANCE.pread(number, scratchPointer, width, offset));
            checkCount(count, width);
            return switch (width) {
                case Byte.BYTES -> Byte.toUnsignedLong(scratch.get(0));
                case Short.BYTES -> Short.toUnsignedLong(scratch.getShort(0));
                case Integer.BYTES -> Integer.toUnsignedLong(scratch.getInt(0));
                default -> scratch.getLong(0);
            };
        }
    }

    /** Writes the low 1, 2, 4 or 8 bytes of {@code value}, little-endian, at {@code offset} in one access. */
    public void writeAt(final long offset, final int width, final long value) throws IOException {
        synchronized (scratch) {
            scratch.putLong(0, value);
            checkCount(call("write", () -> LibC.INSTANCE.pwrite(number, scratchPointer, width, offset)), width);
        }
    }

    /**
     * Reads and discards the next {@code width} bytes. Call it after {@link #poll} has found the descriptor readable.
     */
    public void consume(final int width) throws IOException {
        synchronized (scratch) {
            final long unused = call("read", () -> LibC.INSTANCE.read(number, scratchPointer, width));
        }
    }

    /** Writes {@code value} as 8 little-endian bytes. */
    void put(final long value) throws IOException {
        synchronized (scratch) {
            scratch.putLong(0, value);
            final long unused = call("write", () -> LibC.INSTANCE.write(number, scratchPointer, Long.BYTES));
        }
    }

    /**
     * Blocks until one of {@code all} is readable, for at most {@code millis}. May return early, with an empty list, on
     * a signal.
     *
     * @param millis the longest wait, in milliseconds
     * @return the descriptors that are readable or have failed
     * @throws IOException if one of the descriptors is closed already
     */
    static List<Descriptor> poll(final List<Descriptor> all, final int millis) throws IOException {
        final List<Lock> held = new ArrayList<>();
        try {
            for (final Descriptor each : all) {
                held.add(each.hold());
            }
            final Pointer polled = Memory.allocateDirect(Runtime.getSystemRuntime(), all.size() * POLLFD_SIZE);
            for (int i = 0; i < all.size(); i++) {
                final int at = i * POLLFD_SIZE;
                polled.putInt(at, all.get(i).number);
                // The returned events are the upper half of this field, and start as 0.
                polled.putInt(at + POLLFD_EVENTS, POLLIN);
            }
            if (LibC.INSTANCE.poll(polled, all.size(), millis) < 0
                    && Runtime.getSystemRuntime().getLastError() != EINTR) {
                throw failure("poll");
            }
            final List<Descriptor> ready = new ArrayList<>();
            for (int i = 0; i < all.size(); i++) {
                final int at = i * POLLFD_SIZE;
                if (polled.getShort(at + POLLFD_RETURNED) != 0) {
                    ready.add(all.get(i));
                }
            }
            return ready;
        } finally {
            // No method reference: the tests instrument lock and unlock calls in this project's bytecode
            // (dev.ninepin.locks).
            for (final Lock each : held) {
                each.unlock();
            }
        }
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (isOpen) {
                isOpen = false;
                LibC.INSTANCE.close(number);
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    private interface Call {
        long run();
    }

    private long call(final String what, final Call call) throws IOException {
        final Lock held = hold();
        try {
            final long result = call.run();
            if (result < 0) {
                throw failure(name + ": " + what);
            }
            return result;
        } finally {
            held.unlock();
        }
    }

    private Lock hold() throws IOException {
        final Lock held = lock.readLock();
        held.lock();
        if (!isOpen) {
            held.unlock();
            throw new IOException(name + " is closed");
        }
        return held;
    }

    private void checkCount(final long count, final int width) throws IOException {
        if (count != width) {
            throw new IOException(name + ": short read or write: " + count + " of " + width + " bytes");
        }
    }

    /**
     * Returns an exception for the system call that this thread has just made, with {@code what} and the text of errno.
     */
    public static IOException failure(final String what) {
        return new IOException(
                what + ": " + LibC.INSTANCE.strerror(Runtime.getSystemRuntime().getLastError()));
    }
}
