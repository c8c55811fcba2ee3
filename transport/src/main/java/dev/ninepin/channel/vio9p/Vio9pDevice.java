package dev.ninepin.channel.vio9p;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ninepin.channel.BlockingDescriptor;
import dev.ninepin.channel.ChannelClosedException;
import dev.ninepin.channel.NativeCalls;
import dev.ninepin.channel.SystemErrno;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * illumos's character device of a virtio-9p device. Each write(2) carries one whole message, and so does each read(2).
 * The device has one user at a time. One thread may read, another may write, and any thread may close. Source:
 * vio9p(4D) and {@code uts/common/io/vio9p/vio9p.c}.
 *
 * <p>The device does not support poll(2), so a read blocks in the kernel. {@link #close} ends it with a signal ({@link
 * WakeSignal}). The driver dequeues a reply only after its wait has ended, so a signal never loses a reply.
 */
final class Vio9pDevice implements AutoCloseable {
    /** {@code VIO9P_IOC_MOUNT_TAG} of {@code sys/vio9p.h}: {@code ('9' << 16) | ('P' << 8) | 1}. */
    private static final long IOC_MOUNT_TAG = 0x395001;

    /** {@code VIO9P_MOUNT_TAG_SIZE}, in bytes: 32 bytes and a terminating NUL. */
    private static final int MOUNT_TAG_SIZE = 33;

    /** How long to retry a write while the device reports that it has no room. */
    private static final long WRITE_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** The pause between two attempts, where the device itself does not block. */
    private static final long PAUSE_NANOS = 500_000;

    private static final int O_RDWR = 2;

    private final String name;
    private final BlockingDescriptor descriptor;
    private final NativeCalls calls;

    private Vio9pDevice(final String name, final NativeCalls calls, final int number) {
        this.name = name;
        this.calls = calls;
        this.descriptor = new BlockingDescriptor(calls, number, (unused, thread) -> WakeSignal.send(calls, thread));
    }

    /**
     * Opens the device exclusively.
     *
     * @throws IOException if the device cannot be opened; its message is meant for the user
     */
    static Vio9pDevice open(final Path path) throws IOException {
        return open(path, NativeCalls.get(), 0);
    }

    static Vio9pDevice open(final Path path, final NativeCalls calls, final int moreFlags) throws IOException {
        final int flags = O_RDWR | exclusive() | closeOnExec() | moreFlags;
        final int number = calls.open(nativePath(path), flags);
        if (number < 0) {
            throw new IOException("cannot open vio9p:" + path + ": " + whyNot(NativeCalls.errno(), path));
        }
        return of(path.toString(), calls, number);
    }

    /** Wraps an open descriptor. Closes the descriptor on failure. */
    static Vio9pDevice of(final String name, final NativeCalls calls, final int number) throws IOException {
        try {
            WakeSignal.install(calls);
            return new Vio9pDevice(name, calls, number);
        } catch (final IOException | RuntimeException e) {
            calls.close(number);
            throw e;
        }
    }

    /** Returns {@code O_EXCL} of this system. */
    private static int exclusive() {
        return NativeCalls.isSolaris() ? 0x400 : 0200;
    }

    /** Returns {@code O_CLOEXEC} of this system. */
    private static int closeOnExec() {
        return NativeCalls.isSolaris() ? 0x800000 : 02000000;
    }

    /** Encodes the path in UTF-8. jnr-ffi would encode a string in the charset of the locale. */
    private static Pointer nativePath(final Path path) {
        final byte[] bytes = path.toString().getBytes(UTF_8);
        final Pointer memory = Runtime.getSystemRuntime().getMemoryManager().allocateDirect(bytes.length + 1, true);
        memory.put(0, bytes, 0, bytes.length);
        return memory;
    }

    private static String whyNot(final int errno, final Path path) {
        return switch (SystemErrno.of(errno)) {
            case EBUSY ->
                "another process has it open, and it allows only one; end that process (fuser " + path
                        + " names it), or choose another device";
            case EINVAL -> "it is not a vio9p device: it cannot be opened exclusively for reading and writing";
            case ENXIO, ENODEV ->
                "the hypervisor provides no 9P device for it; check the hypervisor's configuration, and that the driver"
                        + " vio9p is attached (prtconf -D)";
            case ENOENT -> "the device does not exist; 9P devices of illumos are /dev/9p/0, /dev/9p/1, ...";
            case EACCES, EPERM ->
                "this user lacks read and write permission on it; mount as root, or change its permissions";
            default -> NativeCalls.describe(errno);
        };
    }

    /**
     * Returns the mount tag that the hypervisor set: up to 32 arbitrary bytes; empty if there is none.
     *
     * @throws IOException if the device does not know this ioctl, and so is not a vio9p device
     */
    byte[] mountTag() throws IOException {
        final ByteBuffer tag = ByteBuffer.allocateDirect(MOUNT_TAG_SIZE);
        final long result = descriptor.call(number -> calls.ioctl(number, IOC_MOUNT_TAG, tag));
        if (result < 0) {
            throw new IOException("vio9p:" + name + " is not a vio9p device: its mount tag cannot be read: "
                    + NativeCalls.describe((int) -result));
        }
        int length = 0;
        while (length < MOUNT_TAG_SIZE - 1 && tag.get(length) != 0) {
            length++;
        }
        final byte[] bytes = new byte[length];
        tag.get(0, bytes);
        return bytes;
    }

    /**
     * Blocks until a message arrives, and stores it at the position of the direct buffer {@code target}.
     *
     * @return the size of the message in bytes; -1 if the message does not fit into {@code target}, and stays queued
     *     for the next read
     * @throws ChannelClosedException if the device was closed
     */
    int read(final ByteBuffer target) throws IOException {
        while (true) {
            final long result = descriptor.call(number -> calls.read(number, target, target.remaining()));
            if (result >= 0) {
                return (int) result;
            }
            switch (error(result)) {
                case EINTR -> checkOpen();
                case EAGAIN -> LockSupport.parkNanos(PAUSE_NANOS);
                case EOVERFLOW -> {
                    return -1;
                }
                default -> throw failed("read from", result);
            }
        }
    }

    /**
     * Writes one message: the remaining bytes of the direct buffer {@code source}. Blocks while the device waits for
     * room. Retries for at most 10 seconds while the device reports that it has no room.
     *
     * @throws ChannelClosedException if the device was closed
     * @throws IllegalArgumentException if the message is larger than the device accepts
     */
    void write(final ByteBuffer source) throws IOException {
        final int size = source.remaining();
        final long deadline = System.nanoTime() + WRITE_PATIENCE_NANOS;
        while (true) {
            final long result = descriptor.call(number -> calls.write(number, source, size));
            if (result == size) {
                return;
            }
            if (result >= 0) {
                throw new IOException("the device accepted only " + result + " of the " + size + " bytes of a message");
            }
            switch (error(result)) {
                // vio9p returns ENOMEM when a signal ends its wait for room.
                case EINTR -> checkOpen();
                case EAGAIN, ENOMEM -> {
                    checkOpen();
                    if (System.nanoTime() - deadline > 0) {
                        throw failed("write to", result);
                    }
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
                case EMSGSIZE ->
                    throw new IllegalArgumentException(
                            "a message of " + size + " bytes is larger than the device takes");
                default -> throw failed("write to", result);
            }
        }
    }

    boolean isClosed() {
        return descriptor.isClosed();
    }

    /**
     * Closes the device and wakes blocked threads with a {@link ChannelClosedException}. Does nothing if already
     * closed.
     */
    @Override
    public void close() {
        descriptor.close();
    }

    private void checkOpen() throws ChannelClosedException {
        if (descriptor.isClosed()) {
            throw new ChannelClosedException();
        }
    }

    private static SystemErrno error(final long result) {
        return SystemErrno.of((int) -result);
    }

    private static IOException failed(final String action, final long result) {
        return new IOException("cannot " + action + " the device: " + NativeCalls.describe((int) -result));
    }
}
