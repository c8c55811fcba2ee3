package dev.ninepin.virtio;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/**
 * Memory of ours without a file (memfd_create(2)), mapped shared. The mapping lives until the garbage collector finds
 * that nothing refers to it any more, a reply that someone still reads among it; the descriptor may be closed before.
 */
final class AnonymousMemory implements AutoCloseable {
    private static final int CLOSE_ON_EXEC = 1;
    private static final int HUGE = 4 | 21 << 26;

    private final Descriptor descriptor;
    private final ByteBuffer bytes;

    private AnonymousMemory(final Descriptor descriptor, final ByteBuffer bytes) {
        this.descriptor = descriptor;
        this.bytes = bytes;
    }

    /** Memory in pages of the usual size, which the kernel gives as they are written to. */
    static AnonymousMemory create(final int size) throws IOException {
        return create(size, CLOSE_ON_EXEC);
    }

    /**
     * Memory in {@link HugePages}, reserved.
     *
     * @throws IOException if the kernel has not so many
     */
    static AnonymousMemory createHuge(final int size) throws IOException {
        return create(size, CLOSE_ON_EXEC | HUGE);
    }

    private static AnonymousMemory create(final int size, final int flags) throws IOException {
        final Descriptor descriptor =
                Descriptor.of(LibC.INSTANCE.memfd_create("ninepin", flags), "memory of " + size + " bytes");
        try (RandomAccessFile file = new RandomAccessFile("/proc/self/fd/" + descriptor.number(), "rw")) {
            file.setLength(size);
            final ByteBuffer mapped = file.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, size);
            return new AnonymousMemory(descriptor, mapped.order(ByteOrder.LITTLE_ENDIAN));
        } catch (final IOException | RuntimeException e) {
            descriptor.close();
            throw e;
        }
    }

    /** All of it; direct, little-endian. */
    ByteBuffer bytes() {
        return bytes;
    }

    /** Where another process of ours finds it, until {@link #close}. */
    String path() {
        return "/proc/" + ProcessHandle.current().pid() + "/fd/" + descriptor.number();
    }

    /** Writes to each page of {@code pageSize} bytes, so that it is there. */
    void touch(final int pageSize) {
        for (int at = 0; at < bytes.capacity(); at += pageSize) {
            bytes.put(at, (byte) 0);
        }
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
