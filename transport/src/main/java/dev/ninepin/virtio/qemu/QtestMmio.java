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
    public int read8(final long offset) throws IOException {
        return read("readb", offset, Byte.BYTES);
    }

    @Override
    public int read16(final long offset) throws IOException {
        return read("readw", offset, Short.BYTES);
    }

    @Override
    public int read32(final long offset) throws IOException {
        return read("readl", offset, Integer.BYTES);
    }

    @Override
    public void write8(final long offset, final int value) throws IOException {
        qtest.call(write("writeb", offset, value, Byte.BYTES));
    }

    @Override
    public void write16(final long offset, final int value) throws IOException {
        qtest.call(write("writew", offset, value, Short.BYTES));
    }

    @Override
    public void write32(final long offset, final int value) throws IOException {
        qtest.call(write("writel", offset, value, Integer.BYTES));
    }

    @Override
    public void post16(final long offset, final int value) throws IOException {
        qtest.post(write("writew", offset, value, Short.BYTES));
    }

    private int read(final String command, final long offset, final int width) throws IOException {
        return (int) qtest.call(command + " 0x" + Long.toHexString(at(offset, width)));
    }

    private String write(final String command, final long offset, final int value, final int width) {
        return command + " 0x" + Long.toHexString(at(offset, width)) + " 0x" + Integer.toHexString(value);
    }

    private long at(final long offset, final int width) {
        return start + Objects.checkFromIndexSize(offset, width, size);
    }
}
