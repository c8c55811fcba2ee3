package dev.ninepin.virtio.qemu;

import dev.ninepin.virtio.pci.Mmio;
import java.io.IOException;
import java.util.Objects;

/**
 * A BAR of a device in QEMU, accessed through qtest.
 *
 * @param start the guest-physical address assigned to the BAR
 * @param size the size of the BAR, in bytes
 */
record QtestMmio(QtestConnection qtest, long start, long size) implements Mmio {
    @Override
    public int read(final long offset, final int width) throws IOException {
        return (int) qtest.call("read" + QtestConnection.suffix(width) + at(offset, width));
    }

    @Override
    public void write(final long offset, final int width, final int value) throws IOException {
        qtest.call(writing(offset, width, value));
    }

    @Override
    public void post16(final long offset, final int value) throws IOException {
        qtest.post(writing(offset, Short.BYTES, value));
    }

    private String writing(final long offset, final int width, final int value) {
        return "write" + QtestConnection.suffix(width) + at(offset, width) + " 0x" + Integer.toHexString(value);
    }

    private String at(final long offset, final int width) {
        return " 0x" + Long.toHexString(start + Objects.checkFromIndexSize(offset, width, size));
    }
}
