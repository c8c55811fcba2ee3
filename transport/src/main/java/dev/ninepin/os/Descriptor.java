package dev.ninepin.os;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import com.google.errorprone.annotations.CheckReturnValue;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.IntToLongFunction;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file descriptor of this process, for system calls that Java's file classes do not offer. Any thread may call any
 * method, and may close the descriptor while other threads are in its system calls.
 *
 * <p>The descriptor's number is released only when the last thread has left its system call. After that, the number may
 * denote another file, which none of these threads must touch. Calls after {@link #close} fail.
 */
public final class Descriptor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Descriptor.class);

    public static final int CLOSE_ON_EXEC = LibC.isSolaris() ? 0x800000 : 02000000;
    private static final int READ_ONLY = 0;
    private static final int READ_WRITE = 2;
    private static final int CREATE = 0100;
    private static final int OWNER_ONLY = 0600;

    private static final int LOCK_EXCLUSIVE = 2;
    private static final int LOCK_NON_BLOCKING = 4;
    private static final int F_OFD_SETLK = LibC.isSolaris() ? 48 : 37;
    private static final short F_WRLCK = (short) (LibC.isSolaris() ? 2 : 1);

    /** An upper bound of the size of {@code struct flock}. All fields but the type stay 0: the whole file. */
    private static final int FLOCK_SIZE = 64;

    private static final short POLLIN = 1;
    private static final int POLLFD_SIZE = 8;
    private static final int POLLFD_EVENTS = 4;
    private static final int POLLFD_RETURNED = 6;

    /**
     * How often {@link #close} wakes the threads that are still in a system call. A thread may have been just before its
     * system call at the first wake-up.
     */
    private static final long WAKE_INTERVAL_MILLIS = 1;

    /**
     * How long {@link #close} waits for the threads to leave. A driver that holds a thread longer, although it was woken,
     * is broken.
     */
    private static final long LEAVE_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** Ends the blocking system call of a thread. Called repeatedly until the thread has left. */
    @FunctionalInterface
    public interface Waker {
        /**
         * Wakes a thread.
         *
         * @param number the descriptor's number
         * @param thread the thread's {@code pthread_self}; the thread cannot terminate meanwhile
         */
        void wake(int number, long thread);
    }

    private final int number;
    private final String name;
    private final Waker waker;

    /**
     * The threads in a system call, identified by {@code pthread_self}. Such a thread cannot terminate before it has
     * left.
     */
    @GuardedBy("this")
    private final Set<Long> inside = new HashSet<>();

    @GuardedBy("this")
    private boolean closed;

    @GuardedBy("this")
    private boolean released;

    /** The buffer of a read or write of up to 8 bytes. */
    @GuardedBy("scratch")
    private final ByteBuffer scratch = ByteBuffer.allocateDirect(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);

    private Descriptor(final int number, final String name, final Waker waker) {
        this.number = number;
        this.name = name;
        this.waker = waker;
    }

    /**
     * Takes ownership of a descriptor in whose system calls threads block for a short time only.
     *
     * @param number the result of a system call that this thread has just made
     * @param name the name of the opened file, for messages
     * @throws IOException if {@code number} is negative; the message has the text of errno
     */
    public static Descriptor of(final int number, final String name) throws IOException {
        if (number < 0) {
            throw failure(name);
        }
        return of(number, name, (unused, thread) -> {});
    }

    /** Takes ownership of the open descriptor {@code number}, whose blocking system calls {@code waker} ends. */
    public static Descriptor of(final int number, final String name, final Waker waker) {
        return new Descriptor(number, name, waker);
    }

    /** Opens {@code path} for reading and writing. The file must exist. */
    public static Descriptor open(final Path path) throws IOException {
        return open(path, READ_WRITE);
    }

    /** Opens {@code path}, which may be a directory, for reading. */
    public static Descriptor openReadOnly(final Path path) throws IOException {
        return open(path, READ_ONLY);
    }

    /**
     * Opens {@code path} for reading and writing. Creates the file, accessible to its owner only, if it does not exist.
     */
    public static Descriptor create(final Path path) throws IOException {
        return open(path, READ_WRITE | CREATE);
    }

    private static Descriptor open(final Path path, final int flags) throws IOException {
        return of(LibC.get().open(NativeString.of(path), flags | CLOSE_ON_EXEC, OWNER_ONLY), path.toString());
    }

    /** Returns the descriptor's number, which is valid while this object is open. */
    public int number() {
        return number;
    }

    /**
     * Makes one system call on the descriptor's number. Returns its result, or the negated errno if it failed.
     *
     * @throws IOException if {@link #close} was called before the system call began
     */
    public long call(final IntToLongFunction systemCall) throws IOException {
        final long thread = enter();
        try {
            final long result = systemCall.applyAsLong(number);
            return result >= 0 ? result : -LibC.errno();
        } finally {
            leave(thread);
        }
    }

    /**
     * Makes one system call on the descriptor's number.
     *
     * @param what the name of the call, for messages
     * @return the result of the call, 0 or more
     * @throws IOException if the call fails, or the descriptor is closed
     */
    @CanIgnoreReturnValue
    public long call(final String what, final IntToLongFunction systemCall) throws IOException {
        final long result = call(systemCall);
        if (result < 0) {
            throw new IOException(name + ": " + what + ": " + LibC.describe((int) -result));
        }
        return result;
    }

    /**
     * Calls ioctl(2) with a pointer argument; otherwise as {@link #call(String, IntToLongFunction)}.
     *
     * @param what the name of the request
     */
    public int ioctl(final String what, final long request, final Pointer argument) throws IOException {
        return (int) call(what, same -> LibC.get().ioctl(same, request, argument));
    }

    /** Calls ioctl(2) with an integer argument; otherwise as {@link #ioctl(String, long, Pointer)}. */
    public int ioctl(final String what, final long request, final long argument) throws IOException {
        return (int) call(what, same -> LibC.get().ioctl(same, request, argument));
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
            if (LibC.get().flock(number, operation) == 0) {
                return true;
            }
            switch (SystemErrno.last()) {
                case EAGAIN -> {
                    return false;
                }
                case EINTR -> LOG.trace("a signal has interrupted the wait for the lock of {}", name);
                default -> throw failure(name + ": locking");
            }
        }
    }

    /**
     * Takes an exclusive open file description lock on the whole file without waiting. It conflicts with the locks of
     * {@link java.nio.channels.FileChannel}. It lasts until the last copy of this descriptor is closed, even if this
     * process closes other descriptors of the file or executes another program.
     *
     * @throws IOException if another process holds a lock on the file
     */
    public void lockDescription() throws IOException {
        final Pointer lock = Memory.allocateDirect(Runtime.getSystemRuntime(), FLOCK_SIZE, true);
        lock.putShort(0, F_WRLCK);
        try {
            call("locking", same -> LibC.get().fcntl(same, F_OFD_SETLK, lock.address()));
        } finally {
            Reference.reachabilityFence(lock);
        }
    }

    /**
     * Reads 1, 2, 4 or 8 bytes at {@code offset} in one access. The value is little-endian; up to 4 bytes, it is
     * unsigned.
     */
    public long readAt(final long offset, final int width) throws IOException {
        final long[] value = new long[1];
        final long count = call("read", same -> {
            synchronized (scratch) {
                final long result = LibC.get().pread(same, scratch, width, offset);
                value[0] = switch (width) {
                    case Byte.BYTES -> Byte.toUnsignedLong(scratch.get(0));
                    case Short.BYTES -> Short.toUnsignedLong(scratch.getShort(0));
                    case Integer.BYTES -> Integer.toUnsignedLong(scratch.getInt(0));
                    default -> scratch.getLong(0);
                };
                return result;
            }
        });
        checkCount(count, width);
        return value[0];
    }

    /** Writes the low 1, 2, 4 or 8 bytes of {@code value}, little-endian, at {@code offset} in one access. */
    public void writeAt(final long offset, final int width, final long value) throws IOException {
        final long count = call("write", same -> {
            synchronized (scratch) {
                return LibC.get().pwrite(same, scratch.putLong(0, value), width, offset);
            }
        });
        checkCount(count, width);
    }

    /**
     * Reads and discards the next {@code width} bytes. Call it after {@link #poll} has found the descriptor readable.
     */
    public void consume(final int width) throws IOException {
        call("read", same -> {
            synchronized (scratch) {
                return LibC.get().read(same, scratch, width);
            }
        });
    }

    /**
     * Reads and discards up to 8 bytes at {@code offset}. Reads none at the end of the file. Fails if the device behind
     * the file is gone.
     */
    public void probeAt(final long offset) throws IOException {
        call("read", same -> {
            synchronized (scratch) {
                return LibC.get().pread(same, scratch, Long.BYTES, offset);
            }
        });
    }

    /** Writes {@code value} as 8 little-endian bytes. */
    void put(final long value) throws IOException {
        call("write", same -> {
            synchronized (scratch) {
                return LibC.get().write(same, scratch.putLong(0, value), Long.BYTES);
            }
        });
    }

    private void checkCount(final long count, final int width) throws IOException {
        if (count != width) {
            throw new IOException(name + ": short read or write: " + count + " of " + width + " bytes");
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
        final List<Descriptor> entered = new ArrayList<>();
        final long thread = LibC.get().pthread_self();
        try {
            for (final Descriptor each : all) {
                each.enter(thread);
                entered.add(each);
            }
            final Pointer polled = Memory.allocateDirect(Runtime.getSystemRuntime(), all.size() * POLLFD_SIZE);
            for (int i = 0; i < all.size(); i++) {
                final int at = i * POLLFD_SIZE;
                polled.putInt(at, all.get(i).number);
                // The returned events are the upper half of this field, and start as 0.
                polled.putInt(at + POLLFD_EVENTS, POLLIN);
            }
            if (LibC.get().poll(polled, all.size(), millis) < 0 && SystemErrno.last() != SystemErrno.EINTR) {
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
            entered.forEach(each -> each.leave(thread));
        }
    }

    private long enter() throws IOException {
        final long thread = LibC.get().pthread_self();
        enter(thread);
        return thread;
    }

    private synchronized void enter(final long thread) throws IOException {
        if (closed) {
            throw new IOException(name + " is closed");
        }
        inside.add(thread);
    }

    private synchronized void leave(final long thread) {
        inside.remove(thread);
        if (closed && inside.isEmpty()) {
            release();
        }
    }

    public synchronized boolean isClosed() {
        return closed;
    }

    /**
     * Wakes every thread that is in a system call, and blocks until all have left, at most 5 seconds. Does nothing if
     * the descriptor is already closed.
     */
    @Override
    public synchronized void close() {
        closed = true;
        final long deadline = System.nanoTime() + LEAVE_PATIENCE_NANOS;
        boolean interrupted = false;
        while (!inside.isEmpty() && System.nanoTime() < deadline) {
            // A thread leaves under this lock, so each of these threads still exists.
            inside.forEach(thread -> waker.wake(number, thread));
            try {
                wait(WAKE_INTERVAL_MILLIS);
            } catch (final InterruptedException e) {
                interrupted = true;
            }
        }
        if (inside.isEmpty()) {
            release();
        } else {
            LOG.warn("a system call on {} has not returned; the descriptor stays open until then", name);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @GuardedBy("this")
    private void release() {
        notifyAll();
        if (!released) {
            released = true;
            LibC.get().close(number);
        }
    }

    /**
     * Returns an exception for the system call that this thread has just made, with {@code what} and the text of errno.
     */
    public static IOException failure(final String what) {
        return new IOException(what + ": " + LibC.reason());
    }
}
