package dev.ninepin.virtio.pci;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A memory BAR mapped from sysfs ({@code resourceN}). It stays mapped until the garbage collector finds no reference to
 * the mapping.
 */
public final class MappedMmio implements Mmio {
    private final ByteBuffer registers;

    private MappedMmio(final ByteBuffer registers) {
        this.registers = registers.order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Maps the whole of {@code resource}. */
    public static MappedMmio map(final Path resource) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(resource.toFile(), "rw")) {
            return new MappedMmio(file.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, file.length()));
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
        VarHandle.fullFence();
        try {
            return switch (width) {
                case Byte.BYTES -> Byte.toUnsignedInt(registers.get(at));
                case Short.BYTES -> Short.toUnsignedInt(registers.getShort(at));
                default -> registers.getInt(at);
            };
        } catch (final InternalError e) {
            throw gone(e);
        } finally {
            VarHandle.fullFence();
        }
    }

    @Override
    public void write(final long offset, final int width, final int value) throws IOException {
        final int at = at(offset, width);
        VarHandle.fullFence();
        try {
            switch (width) {
                case Byte.BYTES -> registers.put(at, (byte) value);
                case Short.BYTES -> registers.putShort(at, (short) value);
                default -> registers.putInt(at, value);
            }
        } catch (final InternalError e) {
            throw gone(e);
        } finally {
            VarHandle.fullFence();
        }
    }

    /**
     * Returns the exception for an access to a revoked mapping. The kernel revokes the mapping when one of its own
     * drivers claims the registers; Java then throws an {@link InternalError} on access.
     */
    private static IOException gone(final InternalError error) {
        return new IOException("the kernel has revoked the access to the device's registers", error);
    }

    private int at(final long offset, final int width) {
        return (int) Objects.checkFromIndexSize(offset, width, size());
    }
}
