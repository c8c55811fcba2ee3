package dev.ninepin.virtio.dma;

import dev.ninepin.os.Descriptor;
import dev.ninepin.os.LibC;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Shared memory without a name in any file system (memfd_create(2)), mapped into this process.
 *
 * <p>The mapping lives until the garbage collector finds no reference to it. An open reply is such a reference. The
 * descriptor may be closed earlier.
 */
public final class AnonymousMemory implements AutoCloseable {
    private static final int CLOSE_ON_EXEC = 1;
    private static final int HUGE = 4 | 21 << 26;

    /** How many memories may wait for the garbage collector to unmap them. */
    private static final int MOST_LEFT = 4;

    /** The number of memories created so far. */
    private static final AtomicInteger CREATED = new AtomicInteger();

    private final Descriptor descriptor;
    private final ByteBuffer bytes;

    private AnonymousMemory(final Descriptor descriptor, final ByteBuffer bytes) {
        this.descriptor = descriptor;
        this.bytes = bytes;
    }

    /**
     * Creates {@code size} bytes of memory in pages of the base size. The kernel allocates each page on the first write
     * to it.
     */
    public static AnonymousMemory create(final int size) throws IOException {
        return create(size, CLOSE_ON_EXEC);
    }

    /**
     * Creates {@code size} bytes of memory in {@link HugePages}, and reserves them.
     *
     * @throws IOException if the kernel has too few hugepages
     */
    static AnonymousMemory createHuge(final int size) throws IOException {
        return create(size, CLOSE_ON_EXEC | HUGE);
    }

    private static AnonymousMemory create(final int size, final int flags) throws IOException {
        if (CREATED.incrementAndGet() % MOST_LEFT == 0) {
            // Only the garbage collector unmaps memory, and it rarely runs while the heap has room. Each unplugged
            // device would leave many megabytes.
            System.gc();
        }
        final Descriptor descriptor =
                Descriptor.of(LibC.get().memfd_create("ninepin", flags), "anonymous memory of " + size + " bytes");
        try (RandomAccessFile file = new RandomAccessFile("/proc/self/fd/" + descriptor.number(), "rw")) {
            file.setLength(size);
            final ByteBuffer mapped = file.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, size);
            return new AnonymousMemory(descriptor, mapped.order(ByteOrder.LITTLE_ENDIAN));
        } catch (final IOException | RuntimeException e) {
            descriptor.close();
            throw e;
        }
    }

    /** Returns the whole memory, as a direct, little-endian buffer. */
    public ByteBuffer bytes() {
        return bytes;
    }

    /** Returns a path under {@code /proc} by which a child process can open the memory, until {@link #close}. */
    public String path() {
        return "/proc/" + ProcessHandle.current().pid() + "/fd/" + descriptor.number();
    }

    /** Writes to each page of {@code pageSize} bytes, so that the kernel allocates all of them. */
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
