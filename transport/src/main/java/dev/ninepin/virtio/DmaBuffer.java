package dev.ninepin.virtio;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Room for one message in {@link DmaMemory}.
 *
 * @param bytes the room as we see it: a slice, little-endian
 * @param segments the room as the device sees it
 */
record DmaBuffer(ByteBuffer bytes, List<DmaSegment> segments) {
    static DmaBuffer of(final DmaMemory memory, final int offset, final int length) {
        final ByteBuffer slice = memory.bytes().slice(offset, length).order(ByteOrder.LITTLE_ENDIAN);
        return new DmaBuffer(slice, memory.segments(offset, length));
    }

    /** Bytes. */
    int capacity() {
        return bytes.capacity();
    }
}
