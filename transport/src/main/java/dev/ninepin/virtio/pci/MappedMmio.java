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
    public int read8(final long offset) throws IOException {
        final int at = at(offset, Byte.BYTES);
        VarHandle.fullFence();
        try {
            return Byte.toUnsignedInt(registers.get(at));
        } catch (final InternalError e) {
            throw gone(e);
        } finally {
            VarHandle.fullFence();
        }
    }

    @Override
    public int read16(final long offset) throws IOException {
        final int at = at(offset, Short.BYTES);
        VarHandle.fullFence();
        try {
            return Short.toUnsignedInt(registers.getShort(at));
        } catch (final InternalError e) {
            throw gone(e);
        } finally {
            VarHandle.fullFence();
        }
    }

    @Override
    public int read32(final long offset) throws IOException {
        final int at = at(offset, Integer.BYTES);
        VarHandle.fullFence();
        try {
            return registers.getInt(at);
        } catch (final InternalError e) {
            throw gone(e);
        } finally {
            VarHandle.fullFence();
        }
    }

    @Override
    public void write8(final long offset, final int value) throws IOException {
        final int at = at(offset, Byte.BYTES);
        VarHandle.fullFence();
        try {
            registers.put(at, (byte) value);
        } catch (final InternalError e) {
            throw gone(e);
        } finally {
            VarHandle.fullFence();
        }
    }

    @Override
    public void write16(final long offset, final int value) throws IOException {
        final int at = at(offset, Short.BYTES);
        VarHandle.fullFence();
        try {
            registers.putShort(at, (short) value);
        } catch (final InternalError e) {
            throw gone(e);
        } finally {
            VarHandle.fullFence();
        }
    }

    @Override
    public void write32(final long offset, final int value) throws IOException {
        final int at = at(offset, Integer.BYTES);
        VarHandle.fullFence();
        try {
            registers.putInt(at, value);
        } catch (final InternalError e) {
            throw gone(e);
        } finally {
            VarHandle.fullFence();
        }
    }

    @Override
    public void post16(final long offset, final int value) throws IOException {
        write16(offset, value);
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
