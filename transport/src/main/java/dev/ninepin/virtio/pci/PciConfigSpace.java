package dev.ninepin.virtio.pci;

import java.io.IOException;

/** The configuration space of a PCI function. */
public interface PciConfigSpace {
    /** Returns the domain, bus, device and function, such as {@code 0000:00:04.0}. */
    String address();

    /**
     * Reads {@code width} bytes (1, 2 or 4) in one access. The value is little-endian and unsigned.
     *
     * @param offset below 256 and aligned to the width
     */
    int readConfig(int offset, int width) throws IOException;

    /** Writes {@code width} bytes in one access, with the limits of {@link #readConfig}. */
    void writeConfig(int offset, int width, int value) throws IOException;

    default int readConfig8(final int offset) throws IOException {
        return readConfig(offset, Byte.BYTES);
    }

    default int readConfig16(final int offset) throws IOException {
        return readConfig(offset, Short.BYTES);
    }

    default int readConfig32(final int offset) throws IOException {
        return readConfig(offset, Integer.BYTES);
    }

    default void writeConfig16(final int offset, final int value) throws IOException {
        writeConfig(offset, Short.BYTES, value);
    }
}
