package dev.ninepin.virtio.dma;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Accessors of ring memory that the device reads and writes at the same time. Each method has its memory order in its
 * name. Offsets are in bytes and aligned to the width; values are little-endian, and unsigned where the type has room.
 *
 * <p>Java's memory model does not cover devices. This class relies on three properties:
 *
 * <ul>
 *   <li>no earlier store is delayed past a release store;
 *   <li>no later load moves ahead of an acquire load;
 *   <li>a full fence orders the stores before it before the loads after it.
 * </ul>
 *
 * <p>On memory that is shared with another process or accessed by DMA, that is the order the specification requires.
 */
public final class SharedMemory {
    private static final VarHandle SHORTS =
            MethodHandles.byteBufferViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final ByteBuffer bytes;

    public SharedMemory(final DmaMemory memory) {
        this.bytes = memory.bytes();
    }

    public int getShortAcquire(final int offset) {
        return Short.toUnsignedInt((short) SHORTS.getAcquire(bytes, offset));
    }

    public void putShortRelease(final int offset, final int value) {
        SHORTS.setRelease(bytes, offset, (short) value);
    }

    /**
     * Reads a value that the device or the driver has stored, not torn. The access is not ordered with other accesses.
     */
    public int getShortOpaque(final int offset) {
        return Short.toUnsignedInt((short) SHORTS.getOpaque(bytes, offset));
    }

    /** Writes the value, neither torn nor omitted. The access is not ordered with other accesses. */
    public void putShortOpaque(final int offset, final int value) {
        SHORTS.setOpaque(bytes, offset, (short) value);
    }

    public int getShortPlain(final int offset) {
        return Short.toUnsignedInt((short) SHORTS.get(bytes, offset));
    }

    public void putShortPlain(final int offset, final int value) {
        SHORTS.set(bytes, offset, (short) value);
    }

    public int getIntPlain(final int offset) {
        return (int) INTS.get(bytes, offset);
    }

    public void putIntPlain(final int offset, final int value) {
        INTS.set(bytes, offset, value);
    }

    public long getLongPlain(final int offset) {
        return (long) LONGS.get(bytes, offset);
    }

    public void putLongPlain(final int offset, final long value) {
        LONGS.set(bytes, offset, value);
    }

    /** Fills the range with zeros, by plain accesses. */
    public void clear(final int offset, final int length) {
        bytes.slice(offset, length).put(new byte[length]);
    }
}
