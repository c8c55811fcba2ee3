package dev.ninepin.virtio.dma;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;

/**
 * DMA memory that is contiguous for the device too: a guest's RAM seen from outside, a hugepage, or memory behind an
 * IOMMU.
 */
public final class ContiguousDmaMemory implements DmaMemory {
    private final ByteBuffer bytes;
    private final long address;

    /**
     * @param bytes the memory, from index 0 to the buffer's limit; direct
     * @param address the device's address of the first byte
     */
    public ContiguousDmaMemory(final ByteBuffer bytes, final long address) {
        if (!bytes.isDirect()) {
            throw new IllegalArgumentException("a device can't reach memory that the garbage collector moves");
        }
        this.bytes = bytes.slice(0, bytes.limit()).order(ByteOrder.LITTLE_ENDIAN);
        this.address = address;
    }

    @Override
    public ByteBuffer bytes() {
        return bytes;
    }

    @Override
    public List<DmaSegment> segments(final int offset, final int length) {
        Objects.checkFromIndexSize(offset, length, bytes.capacity());
        return List.of(new DmaSegment(address + offset, length));
    }

    @Override
    public int maxSegments(final int length) {
        return 1;
    }
}
