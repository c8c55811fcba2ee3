package dev.ninepin.virtio.dma;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Memory that this process and the device both access. It is contiguous for this process. For the device it may lie in
 * several places, as pages do, so segments describe where a message is.
 *
 * <p>Any thread may use it. The virtqueue decides which side may access which bytes at which time.
 */
public interface DmaMemory {
    /**
     * Returns the whole memory as a direct, little-endian buffer. Callers take slices, and do not change its position
     * or limit.
     */
    ByteBuffer bytes();

    /** Returns the segments in which the device finds the {@code length} bytes from {@code offset} on, in order. */
    List<DmaSegment> segments(int offset, int length);

    /** Returns the largest number of segments that any range of {@code length} bytes has. */
    int maxSegments(int length);

    /**
     * Checks that the device still finds all of the memory where {@link #segments} said.
     *
     * @throws IOException if the memory has moved; the device would write elsewhere, so it must not get any more
     *     requests
     */
    default void checkInPlace() throws IOException {}

    /**
     * Returns the device's address of a structure that must be contiguous for the device.
     *
     * @throws IllegalArgumentException if the structure is not contiguous for the device
     */
    default long addressOf(final int offset, final int length) {
        final List<DmaSegment> segments = segments(offset, length);
        if (segments.size() != 1) {
            throw new IllegalArgumentException(length + " bytes at offset " + offset + " lie in several places");
        }
        return segments.get(0).address();
    }
}
