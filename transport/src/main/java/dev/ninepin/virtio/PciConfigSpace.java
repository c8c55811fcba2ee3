package dev.ninepin.virtio;

import java.io.IOException;

/** The configuration space of a PCI function. */
public interface PciConfigSpace {
    /** Domain, bus, device and function, such as {@code 0000:00:04.0}. */
    String address();

    /** Reads configuration space, little-endian, unsigned. {@code offset} is below 256 and aligned to the width. */
    int readConfig8(int offset) throws IOException;

    int readConfig16(int offset) throws IOException;

    int readConfig32(int offset) throws IOException;

    void writeConfig16(int offset, int value) throws IOException;
}
