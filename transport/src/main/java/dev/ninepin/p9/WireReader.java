package dev.ninepin.p9;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Reads the protocol's primitives, little-endian, from bytes that nobody vouches for.
 *
 * <p>Running over the end is sticky instead of an exception at each read: a read that the bytes don't suffice for
 * gives zero or nothing, and {@link #finish} then throws once. So nothing is ever allocated that is larger than the
 * message. Confined to its caller.
 */
final class WireReader {
    private final ByteBuffer source;
    private boolean overrun;

    /** Reads what remains of {@code source}, whose position moves along. */
    WireReader(final ByteBuffer source) {
        this.source = source.order(ByteOrder.LITTLE_ENDIAN);
    }

    int u8() {
        return has(Byte.BYTES) ? Byte.toUnsignedInt(source.get()) : 0;
    }

    int u16() {
        return has(Short.BYTES) ? Short.toUnsignedInt(source.getShort()) : 0;
    }

    int u32() {
        return has(Integer.BYTES) ? source.getInt() : 0;
    }

    long u64() {
        return has(Long.BYTES) ? source.getLong() : 0;
    }

    ByteString string() {
        return ByteString.copyOf(take(u16()));
    }

    /** {@code count[4] data[count]}: a view of the message's own memory, little-endian; no copy. */
    ByteBuffer data() {
        return take(u32());
    }

    /** The number of bytes that are left. */
    int remaining() {
        return source.remaining();
    }

    /** For a decoder that met a count which no message may have: as if the bytes had run out. */
    void refuse() {
        overrun = true;
    }

    /** Whether a read wanted more bytes than there were. */
    boolean isOverrun() {
        return overrun;
    }

    /** Throws unless the bytes held exactly what was read; {@code what} names it in the message. */
    void finish(final String what) throws ProtocolException {
        if (overrun) {
            throw new ProtocolException(what + " is cut short: a field runs over its end");
        }
        if (source.hasRemaining()) {
            throw new ProtocolException(what + " has " + source.remaining() + " bytes too many");
        }
    }

    private ByteBuffer take(final int length) {
        if (!has(length)) {
            return ByteBuffer.allocate(0).order(ByteOrder.LITTLE_ENDIAN);
        }
        final ByteBuffer part = source.slice(source.position(), length).order(ByteOrder.LITTLE_ENDIAN);
        source.position(source.position() + length);
        return part;
    }

    /** A {@code length} with its top bit set is an unsigned count beyond 2 GiB, and never there. */
    private boolean has(final int length) {
        if (overrun || length < 0 || source.remaining() < length) {
            overrun = true;
        }
        return !overrun;
    }
}
