package dev.ninepin.channel.vio9p;

import dev.ninepin.os.Descriptor;
import dev.ninepin.os.LibC;
import dev.ninepin.os.NativeString;
import dev.ninepin.os.SystemErrno;
import dev.ninepin.os.WakeSignal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * illumos's character device of a virtio-9p device. Each write(2) carries one whole message, and so does each read(2).
 * The device has one user at a time. One thread may read, another may write, and any thread may close. Source:
 * vio9p(4D) and {@code uts/common/io/vio9p/vio9p.c}.
 *
 * <p>The device does not support poll(2), so a read blocks in the kernel. {@link #close} ends it with a signal ({@link
 * WakeSignal}). The driver dequeues a reply only after its wait has ended, so a signal never loses a reply.
 */
final class Vio9pDevice implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Vio9pDevice.class);

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
    private final Descriptor descriptor;
    private final LibC libc = LibC.get();

    private Vio9pDevice(final String name, final int number) {
        this.name = name;
        this.descriptor = Descriptor.of(number, "vio9p:" + name, (unused, thread) -> WakeSignal.send(thread));
    }

    /**
     * Opens the device exclusively.
     *
     * @throws IOException if the device cannot be opened; its message is meant for the user
     */
    static Vio9pDevice open(final Path path) throws IOException {
        return open(path, LibC.get(), 0);
    }

    static Vio9pDevice open(final Path path, final LibC libc, final int moreFlags) throws IOException {
        final int flags = O_RDWR | exclusive() | Descriptor.CLOSE_ON_EXEC | moreFlags;
        final int number = libc.open(NativeString.of(path), flags, 0);
        if (number < 0) {
            throw new IOException("cannot open vio9p:" + path + ": " + whyNot(path));
        }
        return of(path.toString(), number);
    }

    /** Wraps an open descriptor. Closes the descriptor on failure. */
    static Vio9pDevice of(final String name, final int number) throws IOException {
        try {
            WakeSignal.install();
            return new Vio9pDevice(name, number);
        } catch (final IOException | RuntimeException e) {
            LibC.get().close(number);
            throw e;
        }
    }

    /** Returns {@code O_EXCL} of this system. */
    private static int exclusive() {
        return LibC.isSolaris() ? 0x400 : 0200;
    }

    private static String whyNot(final Path path) {
        return switch (SystemErrno.last()) {
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
            default -> LibC.reason();
        };
    }

    /**
     * Returns the mount tag that the hypervisor set: up to 32 arbitrary bytes; empty if there is none.
     *
     * @throws IOException if the device does not know this ioctl, and so is not a vio9p device
     */
    byte[] mountTag() throws IOException {
        final Pointer tag = Memory.allocateDirect(Runtime.getSystemRuntime(), MOUNT_TAG_SIZE);
        final long result = descriptor.call(number -> libc.ioctl(number, IOC_MOUNT_TAG, tag));
        if (result < 0) {
            throw new IOException("vio9p:" + name + " is not a vio9p device: its mount tag cannot be read: "
                    + LibC.describe((int) -result));
        }
        int length = 0;
        while (length < MOUNT_TAG_SIZE - 1 && tag.getByte(length) != 0) {
            length++;
        }
        final byte[] bytes = new byte[length];
        tag.get(0, bytes, 0, length);
        return bytes;
    }

    /**
     * Blocks until a message arrives, and stores it at the position of the direct buffer {@code target}.
     *
     * @return the size of the message in bytes; -1 if the message does not fit into {@code target}, and stays queued
     *     for the next read
     * @throws IOException if the device fails, or was closed
     */
    int read(final ByteBuffer target) throws IOException {
        while (true) {
            final long result = descriptor.call(number -> libc.read(number, target, target.remaining()));
            if (result >= 0) {
                return (int) result;
            }
            switch (error(result)) {
                case EINTR -> LOG.trace("{}: a signal has ended a read", name);
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
     * @throws IOException if the device fails, or was closed
     * @throws IllegalArgumentException if the message is larger than the device accepts
     */
    void write(final ByteBuffer source) throws IOException {
        final int size = source.remaining();
        final long deadline = System.nanoTime() + WRITE_PATIENCE_NANOS;
        while (true) {
            final long result = descriptor.call(number -> libc.write(number, source, size));
            if (result == size) {
                return;
            }
            if (result >= 0) {
                throw new IOException("the device accepted only " + result + " of the " + size + " bytes of a message");
            }
            switch (error(result)) {
                // vio9p returns ENOMEM when a signal ends its wait for room.
                case EINTR -> LOG.trace("{}: a signal has ended a write", name);
                case EAGAIN, ENOMEM -> {
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

    /**
     * Closes the device and wakes blocked threads, whose calls then fail. Does nothing if already closed.
     */
    @Override
    public void close() {
        descriptor.close();
    }

    private static SystemErrno error(final long result) {
        return SystemErrno.of((int) -result);
    }

    private static IOException failed(final String action, final long result) {
        return new IOException("cannot " + action + " the device: " + LibC.describe((int) -result));
    }
}
