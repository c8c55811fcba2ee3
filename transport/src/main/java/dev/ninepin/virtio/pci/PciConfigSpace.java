package dev.ninepin.virtio.pci;

import java.io.IOException;

/** The configuration space of a PCI function. */
public interface PciConfigSpace {
    /** Returns the domain, bus, device and function, such as {@code 0000:00:04.0}. */
    String address();

    /**
     * Reads configuration space; the value is little-endian and unsigned.
     *
     * @param offset below 256 and aligned to the width of the access
     */
    int readConfig8(int offset) throws IOException;

    int readConfig16(int offset) throws IOException;

    int readConfig32(int offset) throws IOException;

    void writeConfig16(int offset, int value) throws IOException;
}
