package dev.ninepin.virtio;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Memory that we and the device both see. For us it is one run of bytes; for the device it may lie in several places,
 * as pages do, so a message in it is described by segments.
 *
 * <p>Any thread may use it; who may touch which byte when is what the virtqueue settles.
 */
public interface DmaMemory {
    /** All of it: a direct buffer, little-endian. Callers take slices, and leave position and limit alone. */
    ByteBuffer bytes();

    /** Where the device finds {@code length} bytes from {@code offset} on, in their order. */
    List<DmaSegment> segments(int offset, int length);

    /** The most segments that any run of {@code length} bytes has. */
    int mostSegments(int length);

    /**
     * Makes sure that the device still finds all of it where {@link #segments} said.
     *
     * @throws IOException if not: what the device writes goes somewhere else then, so it must not get any more requests
     */
    default void checkInPlace() throws IOException {}

    /**
     * The device's address of a structure that it takes by one address.
     *
     * @throws IllegalArgumentException if the structure does not lie in one run for the device
     */
    default long addressOf(final int offset, final int length) {
        final List<DmaSegment> segments = segments(offset, length);
        if (segments.size() != 1) {
            throw new IllegalArgumentException(length + " bytes at offset " + offset + " lie in several places");
        }
        return segments.get(0).address();
    }
}
