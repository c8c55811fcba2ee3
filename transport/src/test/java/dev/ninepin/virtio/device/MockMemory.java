package dev.ninepin.virtio.device;

import dev.ninepin.virtio.dma.DmaMemory;
import dev.ninepin.virtio.dma.DmaSegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * DMA memory without a real device. The device's addresses of it are far apart and beyond 4 GiB. So a driver that
 * mistakes offsets for addresses, or truncates an address, fails.
 */
public final class MockMemory implements DmaMemory {
    private static final long FIRST_ADDRESS = 0x7_8000_0000L;
    private static final int ALIGNMENT = 4096;

    private final ByteBuffer bytes;
    private final int pieceSize;

    private MockMemory(final int size, final int pieceSize) {
        this.bytes = ByteBuffer.allocateDirect(size + 2 * ALIGNMENT)
                .alignedSlice(ALIGNMENT)
                .slice(0, size)
                .order(ByteOrder.LITTLE_ENDIAN);
        this.pieceSize = pieceSize;
    }

    /** Creates memory that is contiguous for the device. */
    public static MockMemory contiguous(final int size) {
        return new MockMemory(size, size);
    }

    /** Creates memory that is contiguous for the device only within pieces of {@code pieceSize} bytes. */
    public static MockMemory scattered(final int size, final int pieceSize) {
        return new MockMemory(size, pieceSize);
    }

    @Override
    public ByteBuffer bytes() {
        return bytes;
    }

    @Override
    public List<DmaSegment> segments(final int offset, final int length) {
        final List<DmaSegment> segments = new ArrayList<>();
        for (int at = offset; at < offset + length; ) {
            final int part = Math.min(offset + length - at, pieceSize - at % pieceSize);
            segments.add(new DmaSegment(addressOfPiece(at / pieceSize) + at % pieceSize, part));
            at += part;
        }
        return segments;
    }

    @Override
    public int maxSegments(final int length) {
        return pieceSize == bytes.capacity() ? 1 : (length + pieceSize - 2) / pieceSize + 1;
    }

    /**
     * Returns the offset in {@link #bytes} of the device's {@code address}. The {@code length} bytes from it must be in
     * one piece.
     */
    public int offsetOf(final long address, final int length) {
        final int piece = (int) ((address - FIRST_ADDRESS) / (2L * pieceSize));
        final long inPiece = address - addressOfPiece(piece);
        if (address < FIRST_ADDRESS || inPiece + length > pieceSize) {
            throw new AssertionError("the driver gave an address that is no memory: " + Long.toHexString(address));
        }
        return Math.toIntExact((long) piece * pieceSize + inPiece);
    }

    private long addressOfPiece(final int piece) {
        return FIRST_ADDRESS + 2L * pieceSize * piece;
    }
}
