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

    int read8(long offset) throws IOException;

    int read16(long offset) throws IOException;

    int read32(long offset) throws IOException;

    void write8(long offset, int value) throws IOException;

    void write16(long offset, int value) throws IOException;

    void write32(long offset, int value) throws IOException;

    /** Writes like {@link #write16}, but may return before the device has seen the value. For doorbells. */
    void post16(long offset, int value) throws IOException;
}
