package dev.ninepin.virtio;

import com.google.errorprone.annotations.CheckReturnValue;
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
 * A file descriptor of this process, for what Java's own files can't do. Any thread.
 *
 * <p>{@link #close} waits for the calls under way, and calls after it fail: so no call ever reaches another file that
 * was given the same number since.
 */
final class Descriptor implements AutoCloseable {
    static final int READ_WRITE = 2;
    static final int CLOSE_ON_EXEC = 0x80000;
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

    /** Held shared by every call, so that {@link #isOpen} stays what it is during it; alone to close. */
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();

    /** Guarded by {@link #lock}. */
    private boolean isOpen = true;

    /** The bytes of a read or write, of up to 8; also the lock that guards them. */
    private final ByteBuffer scratch = ByteBuffer.allocateDirect(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);

    private final Pointer scratchPointer = Pointer.wrap(Runtime.getSystemRuntime(), scratch);

    private Descriptor(final int number, final String name) {
        this.number = number;
        this.name = name;
    }

    /**
     * Takes charge of a descriptor.
     *
     * @param number what a system call returned just now in this thread
     * @param name of what it opened, for messages
     * @throws IOException if {@code number} is negative, with the reason that the system gave
     */
    static Descriptor of(final int number, final String name) throws IOException {
        if (number < 0) {
            throw failure(name);
        }
        return new Descriptor(number, name);
    }

    /** Opens {@code path} to read and write. */
    static Descriptor open(final String path) throws IOException {
        return of(LibC.INSTANCE.open(path, READ_WRITE | CLOSE_ON_EXEC), path);
    }

    /** Opens {@code path} to read and write; makes the file if it is not there, for its owner only. */
    static Descriptor create(final String path) throws IOException {
        return of(LibC.INSTANCE.open(path, READ_WRITE | CLOSE_ON_EXEC | CREATE, OWNER_ONLY), path);
    }

    /** The number; of use as long as this is open. */
    int number() {
        return number;
    }

    /**
     * Calls ioctl(2).
     *
     * @return what the call returns, 0 or more
     */
    int ioctl(final String what, final long request, final Pointer argument) throws IOException {
        return (int) call(what, () -> LibC.INSTANCE.ioctl(number, request, argument));
    }

    int ioctl(final String what, final long request, final long argument) throws IOException {
        return (int) call(what, () -> LibC.INSTANCE.ioctl(number, request, argument));
    }

    /** Locks as flock(2) says; false if someone else holds it. The lock ends with {@link #close}. */
    @CheckReturnValue
    boolean tryLock() throws IOException {
        return flock(LOCK_EXCLUSIVE | LOCK_NON_BLOCKING);
    }

    /** As {@link #tryLock}, but waits. */
    void lock() throws IOException {
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

    /** Reads 1, 2, 4 or 8 bytes at {@code offset} in one access; little-endian, unsigned as far as there is room. */
    long readAt(final long offset, final int width) throws IOException {
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

    /** Writes the low 1, 2, 4 or 8 bytes of {@code value} at {@code offset} in one access. */
    void writeAt(final long offset, final int width, final long value) throws IOException {
        synchronized (scratch) {
            scratch.putLong(0, value);
            checkCount(call("write", () -> LibC.INSTANCE.pwrite(number, scratchPointer, width, offset)), width);
        }
    }

    /** Reads the next {@code width} bytes, which {@link #poll} said are there, and forgets them. */
    void consume(final int width) throws IOException {
        synchronized (scratch) {
            final long unused = call("read", () -> LibC.INSTANCE.read(number, scratchPointer, width));
        }
    }

    /** Writes {@code value} in 8 bytes. */
    void put(final long value) throws IOException {
        synchronized (scratch) {
            scratch.putLong(0, value);
            final long unused = call("write", () -> LibC.INSTANCE.write(number, scratchPointer, Long.BYTES));
        }
    }

    /**
     * Waits until one of {@code all} has something to read.
     *
     * @param millis the longest wait
     * @return those that have, or have failed
     * @throws IOException if one of them is closed already
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
                // Returned events are the upper half: 0 until then.
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
            // No method reference: the tests see in our code what is locked and unlocked (dev.ninepin.locks).
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
            throw new IOException(name + " took or gave " + count + " bytes of " + width);
        }
    }

    /** Of the system call that this thread just made: what failed, and why. */
    static IOException failure(final String what) {
        return new IOException(
                what + ": " + LibC.INSTANCE.strerror(Runtime.getSystemRuntime().getLastError()));
    }
}
