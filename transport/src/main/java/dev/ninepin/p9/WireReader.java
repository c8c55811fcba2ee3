package dev.ninepin.p9;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A reader of the protocol's little-endian primitives from untrusted bytes.
 *
 * <p>An overrun is recorded instead of thrown at each read. A read beyond the end returns zero or an empty value, and
 * {@link #finish} throws once at the end. So no allocation is ever larger than the message. Not thread-safe.
 */
final class WireReader {
    private final ByteBuffer source;
    private boolean overrun;

    /** Creates a reader of the remaining bytes of {@code source}, whose position advances with each read. */
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

    /** Reads {@code count[4] data[count]}. Returns a little-endian view of the message's own memory, not a copy. */
    ByteBuffer data() {
        return take(u32());
    }

    /** Returns the number of bytes left. */
    int remaining() {
        return source.remaining();
    }

    /**
     * Marks the message as invalid, as if it were truncated. For decoders that find a count which no message may have.
     */
    void markInvalid() {
        overrun = true;
    }

    /** Returns whether a read needed more bytes than were left. */
    boolean isOverrun() {
        return overrun;
    }

    /**
     * Throws unless all bytes were read and no read overran the end.
     *
     * @param what the name of the message, for the exception's text
     */
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

    /**
     * Returns whether {@code length} bytes are left. A negative {@code length} is an unsigned count over 2 GiB, so they
     * never are.
     */
    private boolean has(final int length) {
        if (overrun || length < 0 || source.remaining() < length) {
            overrun = true;
        }
        return !overrun;
    }
}
