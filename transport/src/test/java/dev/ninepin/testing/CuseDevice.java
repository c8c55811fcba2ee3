package dev.ninepin.testing;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A character device whose system calls {@link Vio9pModel} answers. It speaks the protocol of Linux's CUSE. Needs root,
 * the module {@code cuse} and {@code /dev/cuse}. Source: Linux's {@code fs/fuse/cuse.c} and {@code
 * include/uapi/linux/fuse.h}.
 *
 * <p>CUSE does not tell whether the device was opened with O_EXCL, because the kernel omits this flag.
 */
public final class CuseDevice implements AutoCloseable {
    private static final Path CUSE = Path.of("/dev/cuse");

    private static final int FUSE_OPEN = 14;
    private static final int FUSE_READ = 15;
    private static final int FUSE_WRITE = 16;
    private static final int FUSE_RELEASE = 18;
    private static final int FUSE_INTERRUPT = 36;
    private static final int FUSE_IOCTL = 39;
    private static final int CUSE_INIT = 4096;

    private static final int IN_HEADER = 40;
    private static final int OUT_HEADER = 16;
    private static final int WRITE_IN = 40;
    private static final int CUSE_INIT_OUT = 72;

    /** {@code CUSE_UNRESTRICTED_IOCTL}: an ioctl's number need not describe its argument. */
    private static final int UNRESTRICTED_IOCTL = 1;

    /** {@code FUSE_IOCTL_RETRY}: repeat the ioctl, with the given memory. */
    private static final int IOCTL_RETRY = 4;

    private static final int DIRECT_IO = 1;

    /** In bytes. More than the driver accepts, so that the driver itself rejects large messages. */
    private static final int MAX_IO = 1 << 16;

    private static final int IOC_MOUNT_TAG = 0x395001;
    private static final int MOUNT_TAG_SIZE = 33;

    private static final int O_ACCMODE = 3;
    private static final int O_RDWR = 2;
    private static final int O_NONBLOCK = 04000;

    private final Vio9pModel model;
    private final Path path;
    private final byte[] mountTag;
    private final RandomAccessFile cuse;
    private final FileInputStream requests;
    private final FileOutputStream replies;
    private final AtomicBoolean ending = new AtomicBoolean();
    private final BackgroundCall<Void> serving;

    private CuseDevice(final Vio9pModel model, final String name, final byte[] mountTag) throws IOException {
        this.model = model;
        this.path = Path.of("/dev", name);
        this.mountTag = mountTag.clone();
        this.cuse = new RandomAccessFile(CUSE.toFile(), "rw");
        this.requests = new FileInputStream(cuse.getFD());
        this.replies = new FileOutputStream(cuse.getFD());
        final ByteBuffer init = nextRequest();
        if (init.getInt(4) != CUSE_INIT) {
            throw new IOException("CUSE begins with operation " + init.getInt(4));
        }
        initialise(init, name);
        this.serving = BackgroundCall.start("cuse " + name, () -> {
            serve();
            return null;
        });
    }

    /** Returns whether this kernel lets this user create such devices. */
    public static boolean isAvailable() {
        return Files.isWritable(CUSE);
    }

    /**
     * Creates the device {@code /dev/NAME}. The device exists when this method returns.
     *
     * @param mountTag the mount tag that the ioctl returns, up to 32 bytes
     */
    public static CuseDevice start(final Vio9pModel model, final String name, final byte[] mountTag)
            throws IOException {
        return new CuseDevice(model, name, mountTag);
    }

    public Path path() {
        return path;
    }

    private ByteBuffer nextRequest() throws IOException {
        final byte[] bytes = new byte[MAX_IO + 4096];
        final int count = requests.read(bytes);
        return ByteBuffer.wrap(bytes, 0, count).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void initialise(final ByteBuffer init, final String name) throws IOException {
        final byte[] info = ("DEVNAME=" + name + '\0').getBytes(StandardCharsets.US_ASCII);
        final ByteBuffer reply = little(CUSE_INIT_OUT + info.length);
        reply.putInt(0, init.getInt(IN_HEADER));
        reply.putInt(4, init.getInt(IN_HEADER + 4));
        reply.putInt(12, UNRESTRICTED_IOCTL);
        reply.putInt(16, MAX_IO);
        reply.putInt(20, MAX_IO);
        reply.put(CUSE_INIT_OUT, info);
        answer(init.getLong(8), reply);
    }

    /** Serves requests until the open that {@link #close} makes. All earlier requests must be answered. */
    private void serve() throws IOException {
        ByteBuffer request = nextRequest();
        while (!(ending.get() && request.getInt(4) == FUSE_OPEN)) {
            serve(request);
            request = nextRequest();
        }
        refuse(request.getLong(8), Vio9pModel.EINVAL);
    }

    private void serve(final ByteBuffer request) {
        final int operation = request.getInt(4);
        final long unique = request.getLong(8);
        switch (operation) {
            case FUSE_OPEN -> {
                final int errno = model.open((request.getInt(IN_HEADER) & O_ACCMODE) == O_RDWR);
                if (errno == 0) {
                    answer(unique, little(16).putInt(8, DIRECT_IO));
                } else {
                    refuse(unique, errno);
                }
            }
            case FUSE_RELEASE -> {
                model.release();
                answer(unique, little(0));
            }
            case FUSE_READ ->
                model.read(
                        unique,
                        request.getInt(IN_HEADER + 16),
                        (request.getInt(IN_HEADER + 32) & O_NONBLOCK) != 0,
                        new Reply(unique, true));
            case FUSE_WRITE -> {
                final byte[] message = new byte[request.getInt(IN_HEADER + 16)];
                request.get(IN_HEADER + WRITE_IN, message);
                final boolean nonBlocking = (request.getInt(IN_HEADER + 32) & O_NONBLOCK) != 0;
                model.write(unique, message, nonBlocking, new Reply(unique, false));
            }
            case FUSE_INTERRUPT -> model.interrupt(request.getLong(IN_HEADER));
            case FUSE_IOCTL -> ioctl(request, unique);
            default -> refuse(unique, Vio9pModel.ENOSYS);
        }
    }

    private void ioctl(final ByteBuffer request, final long unique) {
        final int outSize = request.getInt(IN_HEADER + 28);
        if (request.getInt(IN_HEADER + 12) != IOC_MOUNT_TAG) {
            refuse(unique, Vio9pModel.ENOTTY);
        } else if (outSize == 0) {
            // The ioctl's number does not describe its argument. So make the kernel repeat it with memory for the tag.
            final ByteBuffer retry = little(32);
            retry.putInt(4, IOCTL_RETRY).putInt(12, 1);
            retry.putLong(16, request.getLong(IN_HEADER + 16)).putLong(24, MOUNT_TAG_SIZE);
            answer(unique, retry);
        } else {
            answer(unique, little(16 + MOUNT_TAG_SIZE).put(16, mountTag));
        }
    }

    /** The end of one read or write. */
    private final class Reply implements Vio9pModel.Answer {
        private final long unique;
        private final boolean isRead;

        private Reply(final long unique, final boolean isRead) {
            this.unique = unique;
            this.isRead = isRead;
        }

        @Override
        public void done(final byte[] bytes) {
            answer(unique, isRead ? ByteBuffer.wrap(bytes) : little(8).putInt(0, bytes.length));
        }

        @Override
        public void failed(final int errno) {
            refuse(unique, errno);
        }
    }

    private void answer(final long unique, final ByteBuffer body) {
        reply(unique, 0, body);
    }

    private void refuse(final long unique, final int errno) {
        reply(unique, errno, little(0));
    }

    private void reply(final long unique, final int errno, final ByteBuffer body) {
        final byte[] reply = new byte[OUT_HEADER + body.capacity()];
        ByteBuffer.wrap(reply)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(reply.length)
                .putInt(-errno)
                .putLong(unique)
                .put(body.rewind());
        try {
            replies.write(reply);
        } catch (final IOException e) {
            if (!ending.get()) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static ByteBuffer little(final int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Removes the device, as the end of its process would. System calls that are inside it fail. */
    @Override
    public void close() {
        if (ending.getAndSet(true)) {
            return;
        }
        // Nothing else wakes the thread that waits for the next request.
        try (RandomAccessFile refused = new RandomAccessFile(path.toFile(), "r")) {
            throw new AssertionError(path + " opens for reading alone: " + refused);
        } catch (final IOException expected) {
            serving.close();
        }
        try {
            cuse.close();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
