package dev.ninepin.virtio.pci;

import java.io.IOException;
import java.util.Objects;

/**
 * A part of a BAR that holds one structure. Rejects accesses beyond the part, whatever the BAR holds at that offset.
 */
record MmioRegion(Mmio bar, long start, long size) implements Mmio {
    MmioRegion {
        Objects.checkFromIndexSize(start, size, bar.size());
    }

    @Override
    public int read8(final long offset) throws IOException {
        return bar.read8(at(offset, Byte.BYTES));
    }

    @Override
    public int read16(final long offset) throws IOException {
        return bar.read16(at(offset, Short.BYTES));
    }

    @Override
    public int read32(final long offset) throws IOException {
        return bar.read32(at(offset, Integer.BYTES));
    }

    @Override
    public void write8(final long offset, final int value) throws IOException {
        bar.write8(at(offset, Byte.BYTES), value);
    }

    @Override
    public void write16(final long offset, final int value) throws IOException {
        bar.write16(at(offset, Short.BYTES), value);
    }

    @Override
    public void write32(final long offset, final int value) throws IOException {
        bar.write32(at(offset, Integer.BYTES), value);
    }

    @Override
    public void post16(final long offset, final int value) throws IOException {
        bar.post16(at(offset, Short.BYTES), value);
    }

    private long at(final long offset, final int width) {
        return start + Objects.checkFromIndexSize(offset, width, size);
    }
}
