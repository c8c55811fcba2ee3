package dev.ninepin.virtio.pci;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * A memory BAR mapped from sysfs ({@code resourceN}). It stays mapped until the garbage collector finds no reference to
 * the mapping.
 *
 * <p>The mapping maps physical addresses. It outlives the device, and the kernel may give the addresses to the next
 * device that is plugged in. So each access first checks that the device is present. Doorbells check this at intervals,
 * because they are frequent. An interval is too short for another device to be plugged in.
 */
public final class MappedMmio implements Mmio {
    /** The interval at which doorbells check that the device is present. Plugging in a device takes longer. */
    private static final long DOORBELL_CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final ByteBuffer registers;
    private final PciConfigFile config;

    /** The time of the last check by a doorbell. Used by the sender only. */
    private long checkedAt = System.nanoTime() - DOORBELL_CHECK_NANOS;

    /** The length of the arrays in {@link #throwFault}. Not a constant, so that no compiler removes the allocation. */
    private int noElements;

    private MappedMmio(final ByteBuffer registers, final PciConfigFile config) {
        this.registers = registers.order(ByteOrder.LITTLE_ENDIAN);
        this.config = config;
    }

    /**
     * Maps the whole of {@code resource}.
     *
     * @param config the open configuration space of the same device
     */
    public static MappedMmio map(final Path resource, final PciConfigFile config) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(resource.toFile(), "rw")) {
            return new MappedMmio(file.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, file.length()), config);
        }
    }

    @Override
    public long size() {
        return registers.capacity();
    }

    // Full fences around each access: Java may neither omit the access, nor repeat it, nor reorder it with another
    // access to registers or to memory. The page is mapped uncached, so each access is one access of the device, of
    // exactly that width.

    @Override
    public int read(final long offset, final int width) throws IOException {
        final int at = at(offset, width);
        config.requirePresent();
        VarHandle.fullFence();
        try {
            final int value =
                    switch (width) {
                        case Byte.BYTES -> Byte.toUnsignedInt(registers.get(at));
                        case Short.BYTES -> Short.toUnsignedInt(registers.getShort(at));
                        default -> registers.getInt(at);
                    };
            throwFault();
            return value;
        } catch (final InternalError e) {
            throw gone(e);
        } finally {
            VarHandle.fullFence();
        }
    }

    @Override
    public void write(final long offset, final int width, final int value) throws IOException {
        config.requirePresent();
        put(at(offset, width), width, value);
    }

    @Override
    public void post16(final long offset, final int value) throws IOException {
        final long now = System.nanoTime();
        if (now - checkedAt >= DOORBELL_CHECK_NANOS) {
            config.requirePresent();
            checkedAt = now;
        }
        put(at(offset, Short.BYTES), Short.BYTES, value);
    }

    private void put(final int at, final int width, final int value) throws IOException {
        VarHandle.fullFence();
        try {
            switch (width) {
                case Byte.BYTES -> registers.put(at, (byte) value);
                case Short.BYTES -> registers.putShort(at, (short) value);
                default -> registers.putInt(at, value);
            }
            throwFault();
        } catch (final InternalError e) {
            throw gone(e);
        } finally {
            VarHandle.fullFence();
        }
    }

    /**
     * Throws the {@link InternalError} of a fault in the previous access. The JVM throws it only when the thread next
     * enters the runtime, which could be anywhere. Allocating an array of arrays enters the runtime here.
     */
    private void throwFault() {
        final int[][] unused = new int[noElements][noElements];
    }

    /**
     * Returns the exception for an access to a revoked mapping. The kernel revokes the mapping when one of its own
     * drivers claims the registers.
     */
    private static IOException gone(final InternalError error) {
        return new IOException("the kernel has revoked the access to the device's registers", error);
    }

    private int at(final long offset, final int width) {
        return (int) Objects.checkFromIndexSize(offset, width, size());
    }
}
