package dev.ninepin.channel;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import jnr.constants.platform.Errno;
import jnr.constants.platform.OpenFlags;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * illumos's character device of a virtio-9p device: one whole message a write(2), one a read(2), for one user at a time.
 * One thread may read, another write, any close. Source: vio9p(4D) and {@code uts/common/io/vio9p/vio9p.c}.
 *
 * <p>It has no poll(2), so a read waits in the kernel, and {@link #close} ends it by a signal ({@link WakeSignal}). The
 * driver takes a reply off its queue only once it does not wait any more: no reply is lost to a signal.
 */
final class Vio9pDevice implements AutoCloseable {
    /** {@code VIO9P_IOC_MOUNT_TAG} of {@code sys/vio9p.h}: {@code ('9' << 16) | ('P' << 8) | 1}. */
    private static final long IOC_MOUNT_TAG = 0x395001;

    /** {@code VIO9P_MOUNT_TAG_SIZE}, in bytes: 32 and a zero. */
    private static final int MOUNT_TAG_SIZE = 33;

    /** What the device has to become free for a request, while it says that it is not. */
    private static final long WRITE_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** Between two tries, where the device does not wait itself. */
    private static final long PAUSE_NANOS = 500_000;

    private final String name;
    private final Descriptor descriptor;
    private final NativeCalls calls;

    private Vio9pDevice(final String name, final NativeCalls calls, final int number) {
        this.name = name;
        this.calls = calls;
        this.descriptor = new Descriptor(calls, number, (unused, thread) -> WakeSignal.send(calls, thread));
    }

    /**
     * Opens the device, exclusively.
     *
     * @throws IOException if that cannot be; its message is for a person
     */
    static Vio9pDevice open(final Path path) throws IOException {
        return open(path, NativeCalls.get(), 0);
    }

    static Vio9pDevice open(final Path path, final NativeCalls calls, final int moreFlags) throws IOException {
        final int flags = OpenFlags.O_RDWR.intValue() | OpenFlags.O_EXCL.intValue() | closeOnExec() | moreFlags;
        final int number = calls.open(nativePath(path), flags);
        if (number < 0) {
            throw new IOException("cannot open vio9p:" + path + ": " + whyNot(NativeCalls.errno(), path));
        }
        return of(path.toString(), calls, number);
    }

    /** Over a descriptor that is open already, and is closed if this fails. */
    static Vio9pDevice of(final String name, final NativeCalls calls, final int number) throws IOException {
        try {
            WakeSignal.install(calls);
            return new Vio9pDevice(name, calls, number);
        } catch (final IOException | RuntimeException e) {
            calls.close(number);
            throw e;
        }
    }

    /** {@code O_CLOEXEC}; jnr-constants knows Linux's only. */
    private static int closeOnExec() {
        return NativeCalls.isSolaris() ? 0x800000 : OpenFlags.O_CLOEXEC.intValue();
    }

    /** Names are bytes to the system; jnr-ffi would encode a string in the locale's way. */
    private static Pointer nativePath(final Path path) {
        final byte[] bytes = path.toString().getBytes(UTF_8);
        final Pointer memory = Runtime.getSystemRuntime().getMemoryManager().allocateDirect(bytes.length + 1, true);
        memory.put(0, bytes, 0, bytes.length);
        return memory;
    }

    private static String whyNot(final Errno errno, final Path path) {
        return switch (errno) {
            case EBUSY ->
                "somebody has it open, and it takes one user at a time; end that one (fuser " + path
                        + " names it), or choose another device";
            case EINVAL -> "it is no vio9p device: it does not open exclusively for reading and writing";
            case ENXIO, ENODEV ->
                "there is no 9P channel behind it; check that the hypervisor offers one, and that the driver"
                        + " vio9p is attached (prtconf -D)";
            case ENOENT -> "there is no such device; illumos has them as /dev/9p/0, /dev/9p/1, ...";
            case EACCES, EPERM -> "this user may not read and write it; mount as root, or change who may";
            default -> errno.toString();
        };
    }

    /**
     * The mount tag as the hypervisor gave it: up to 32 bytes of anything, none if there is none.
     *
     * @throws IOException if the device has no such thing, and so is something else
     */
    byte[] mountTag() throws IOException {
        final ByteBuffer tag = ByteBuffer.allocateDirect(MOUNT_TAG_SIZE);
        final long result = descriptor.call(number -> calls.ioctl(number, IOC_MOUNT_TAG, tag));
        if (result < 0) {
            throw new IOException("vio9p:" + name + " is no vio9p device: asked for its mount tag, it says \""
                    + error(result) + "\"");
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
     * Waits for a message, and puts it at the position of the direct buffer {@code target}.
     *
     * @return its bytes, or -1 if there is one that has no room in {@code target}; it stays for the next read
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
                default -> throw failed("reading from", result);
            }
        }
    }

    /**
     * Writes a message, all that remains of the direct buffer {@code source}. May wait until the device has room for it.
     *
     * @throws ChannelClosedException if the device was closed
     * @throws IllegalArgumentException if it is larger than the device takes
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
                throw new IOException("the device took " + result + " bytes of a message of " + size);
            }
            switch (error(result)) {
                // A signal while it waited for room: vio9p says ENOMEM then.
                case EINTR -> checkOpen();
                case EAGAIN, ENOMEM -> {
                    checkOpen();
                    if (System.nanoTime() - deadline > 0) {
                        throw failed("writing to", result);
                    }
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
                case EMSGSIZE ->
                    throw new IllegalArgumentException(
                            "a message of " + size + " bytes is larger than the device takes");
                default -> throw failed("writing to", result);
            }
        }
    }

    boolean isClosed() {
        return descriptor.isClosed();
    }

    /** Wakes whoever waits in it, with a {@link ChannelClosedException}. Closing again does nothing. */
    @Override
    public void close() {
        descriptor.close();
    }

    private void checkOpen() throws ChannelClosedException {
        if (descriptor.isClosed()) {
            throw new ChannelClosedException();
        }
    }

    private static Errno error(final long result) {
        return Errno.valueOf(-result);
    }

    private static IOException failed(final String doing, final long result) {
        return new IOException(doing + " the device failed: " + error(result));
    }
}
