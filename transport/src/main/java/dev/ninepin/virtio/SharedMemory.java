package dev.ninepin.virtio;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Access to ring memory that the device reads and writes at the same time, each with its memory order in its name.
 * Offsets are in bytes and aligned to the width; values are little-endian, and unsigned where the type has room.
 *
 * <p>Java's memory model does not speak of devices. What is relied on: a release store leaves no earlier store behind
 * it, an acquire load lets no later load pass it, and a full fence keeps a store before it from a load after it; on
 * memory shared with another process or reached by DMA that is the order the specification asks for.
 */
final class SharedMemory {
    private static final VarHandle SHORTS =
            MethodHandles.byteBufferViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONGS = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final ByteBuffer bytes;

    SharedMemory(final DmaMemory memory) {
        this.bytes = memory.bytes();
    }

    int getShortAcquire(final int offset) {
        return Short.toUnsignedInt((short) SHORTS.getAcquire(bytes, offset));
    }

    void putShortRelease(final int offset, final int value) {
        SHORTS.setRelease(bytes, offset, (short) value);
    }

    /** Neither torn nor made up, and in no order with other accesses. */
    int getShortOpaque(final int offset) {
        return Short.toUnsignedInt((short) SHORTS.getOpaque(bytes, offset));
    }

    /** Neither torn nor left out, and in no order with other accesses. */
    void putShortOpaque(final int offset, final int value) {
        SHORTS.setOpaque(bytes, offset, (short) value);
    }

    int getShortPlain(final int offset) {
        return Short.toUnsignedInt((short) SHORTS.get(bytes, offset));
    }

    void putShortPlain(final int offset, final int value) {
        SHORTS.set(bytes, offset, (short) value);
    }

    int getIntPlain(final int offset) {
        return (int) INTS.get(bytes, offset);
    }

    void putIntPlain(final int offset, final int value) {
        INTS.set(bytes, offset, value);
    }

    long getLongPlain(final int offset) {
        return (long) LONGS.get(bytes, offset);
    }

    void putLongPlain(final int offset, final long value) {
        LONGS.set(bytes, offset, value);
    }

    /** Zeroes; plain. */
    void clear(final int offset, final int length) {
        bytes.slice(offset, length).put(new byte[length]);
    }
}
