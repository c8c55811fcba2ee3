package dev.ninepin.p9;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A writer of the protocol's little-endian primitives at a buffer's position. Without a buffer, it only counts bytes.
 * So the size of each message is derived from its one {@code encode} method. Not thread-safe.
 */
final class WireWriter {
    private final @Nullable ByteBuffer target;
    private int count;

    private WireWriter(final @Nullable ByteBuffer target) {
        this.target = target;
    }

    /**
     * Creates a writer into {@code target}, which must be little-endian. Values that do not fit cause a {@code
     * BufferOverflowException}.
     */
    static WireWriter into(final ByteBuffer target) {
        if (target.order() != ByteOrder.LITTLE_ENDIAN) {
            throw new IllegalArgumentException("9P is little-endian");
        }
        return new WireWriter(target);
    }

    /** Creates a writer that only counts bytes. */
    static WireWriter counting() {
        return new WireWriter(null);
    }

    /** Returns the bytes written or counted so far. */
    int count() {
        return count;
    }

    void u8(final int value) {
        checkWidth(value, 0xff);
        count += Byte.BYTES;
        if (target != null) {
            target.put((byte) value);
        }
    }

    void u16(final int value) {
        checkWidth(value, 0xffff);
        count += Short.BYTES;
        if (target != null) {
            target.putShort((short) value);
        }
    }

    void u32(final int value) {
        count += Integer.BYTES;
        if (target != null) {
            target.putInt(value);
        }
    }

    void u64(final long value) {
        count += Long.BYTES;
        if (target != null) {
            target.putLong(value);
        }
    }

    void string(final ByteString value) {
        u16(value.length());
        count += value.length();
        if (target != null) {
            value.putInto(target);
        }
    }

    /** Writes {@code count[4] data[count]}: the remaining bytes of {@code data}, whose position does not change. */
    void data(final ByteBuffer data) {
        u32(data.remaining());
        count += data.remaining();
        if (target != null) {
            target.put(data.duplicate());
        }
    }

    private static void checkWidth(final int value, final int mask) {
        if ((value & ~mask) != 0) {
            throw new IllegalArgumentException(
                    value + " does not fit a field of the mask 0x" + Integer.toHexString(mask));
        }
    }
}
