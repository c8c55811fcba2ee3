package dev.ninepin.virtio.dma;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A buffer for one message in {@link DmaMemory}.
 *
 * @param bytes the buffer as this process sees it: a slice, little-endian
 * @param segments the same bytes as the device sees them
 */
public record DmaBuffer(ByteBuffer bytes, List<DmaSegment> segments) {
    public static DmaBuffer of(final DmaMemory memory, final int offset, final int length) {
        final ByteBuffer slice = memory.bytes().slice(offset, length).order(ByteOrder.LITTLE_ENDIAN);
        return new DmaBuffer(slice, memory.segments(offset, length));
    }

    /** Returns the size of the buffer, in bytes. */
    int capacity() {
        return bytes.capacity();
    }
}
