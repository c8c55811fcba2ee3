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
    public int read(final long offset, final int width) throws IOException {
        return bar.read(at(offset, width), width);
    }

    @Override
    public void write(final long offset, final int width, final int value) throws IOException {
        bar.write(at(offset, width), width, value);
    }

    @Override
    public void post16(final long offset, final int value) throws IOException {
        bar.post16(at(offset, Short.BYTES), value);
    }

    private long at(final long offset, final int width) {
        return start + Objects.checkFromIndexSize(offset, width, size);
    }
}
