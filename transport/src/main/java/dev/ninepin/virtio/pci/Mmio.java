package dev.ninepin.virtio.pci;

import java.io.IOException;

/**
 * The memory-mapped registers of a device: a memory BAR or a part of one.
 *
 * <p>Offsets are in bytes, aligned to the width of the access, and checked against {@link #size}. Values are
 * little-endian and unsigned. Accesses reach the device in program order. Any thread, as far as the device's registers
 * allow.
 *
 * <p>There is no 64-bit access: virtio requires its 64-bit registers to be accessed as two halves (1.2, 4.1.3.1).
 */
public interface Mmio {
    /** Returns the size of the registers, in bytes. */
    long size();

    /** Reads {@code width} bytes (1, 2 or 4) in one access. */
    int read(long offset, int width) throws IOException;

    /** Writes {@code width} bytes (1, 2 or 4) in one access. */
    void write(long offset, int width, int value) throws IOException;

    default int read8(final long offset) throws IOException {
        return read(offset, Byte.BYTES);
    }

    default int read16(final long offset) throws IOException {
        return read(offset, Short.BYTES);
    }

    default int read32(final long offset) throws IOException {
        return read(offset, Integer.BYTES);
    }

    default void write8(final long offset, final int value) throws IOException {
        write(offset, Byte.BYTES, value);
    }

    default void write16(final long offset, final int value) throws IOException {
        write(offset, Short.BYTES, value);
    }

    default void write32(final long offset, final int value) throws IOException {
        write(offset, Integer.BYTES, value);
    }

    /** Writes like {@link #write16}, but may return before the device has seen the value. For doorbells. */
    default void post16(final long offset, final int value) throws IOException {
        write16(offset, value);
    }
}
