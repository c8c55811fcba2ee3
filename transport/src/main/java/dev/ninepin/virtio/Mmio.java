package dev.ninepin.virtio;

import java.io.IOException;

/**
 * Registers of a device: a memory BAR, or a part of one. Offsets are in bytes, aligned to the width of the access, and
 * checked against {@link #size}; values are little-endian and unsigned. Accesses reach the device in the order in which
 * they are made. Any thread, as far as the device's registers allow.
 *
 * <p>There is no access of 64 bits: virtio wants its 64-bit registers accessed as two halves (1.2, 4.1.3.1).
 */
public interface Mmio {
    /** Bytes. */
    long size();

    int read8(long offset) throws IOException;

    int read16(long offset) throws IOException;

    int read32(long offset) throws IOException;

    void write8(long offset, int value) throws IOException;

    void write16(long offset, int value) throws IOException;

    void write32(long offset, int value) throws IOException;

    /** Like {@link #write16}, but returns before the device has seen it: for doorbells. */
    void post16(long offset, int value) throws IOException;
}
