package dev.ninepin.p9;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A message with its tag, as it goes over a channel.
 *
 * <pre>size[4] type[1] tag[2] body[size - 7]</pre>
 *
 * <p>{@code size} counts itself. Source: diod's {@code protocol.md}; QEMU's {@code hw/9pfs/9p.c}, {@code pdu_submit}.
 *
 * @param tag pairs a reply with its request, 0 to 65535; {@link #NOTAG} for Tversion
 */
public record Frame(int tag, Message message) {
    /** The tag of Tversion and Rversion. */
    public static final int NOTAG = 0xffff;

    /** The bytes before the body: {@code size[4] type[1] tag[2]}. */
    public static final int HEADER_SIZE = Integer.BYTES + Byte.BYTES + Short.BYTES;

    private static final int TYPE_OFFSET = Integer.BYTES;
    private static final int TAG_OFFSET = TYPE_OFFSET + Byte.BYTES;

    /** The bytes that {@code message} takes on the wire, its header included. */
    public static int sizeOf(final Message message) {
        final WireWriter counter = WireWriter.counting();
        message.encode(counter);
        return HEADER_SIZE + counter.count();
    }

    /**
     * Writes the frame at {@code target}'s position, which moves behind it; {@code target} becomes little-endian.
     *
     * @throws java.nio.BufferOverflowException if it does not fit
     */
    public void encode(final ByteBuffer target) {
        final int start = target.position();
        final WireWriter out = WireWriter.into(target.order(ByteOrder.LITTLE_ENDIAN));
        out.u32(0);
        out.u8(message.messageType().code());
        out.u16(tag);
        message.encode(out);
        target.putInt(start, target.position() - start);
    }

    /**
     * Reads the one frame that {@code source} holds from its position to its limit. Data in the message is a view of
     * {@code source}'s memory, not a copy.
     *
     * @throws ProtocolException if the bytes are anything but exactly one message
     */
    public static Frame decode(final ByteBuffer source) throws ProtocolException {
        final int available = source.remaining();
        final WireReader in = new WireReader(source.duplicate());
        final int size = in.u32();
        final int code = in.u8();
        final int tag = in.u16();
        if (in.isOverrun()) {
            throw new ProtocolException("a message has at least " + HEADER_SIZE + " bytes, not " + available);
        }
        if (size != available) {
            throw new ProtocolException(
                    "a message says that it has " + Integer.toUnsignedString(size) + " bytes, and has " + available);
        }
        final MessageType type = MessageType.ofCode(code)
                .orElseThrow(() -> new ProtocolException("9P2000.L has no message of type " + code));
        final Message message = type.decode(in);
        in.finish(type.notation());
        return new Frame(tag, message);
    }

    /** The size that the frame at {@code source}'s position announces, unsigned; needs 4 bytes there. */
    public static long peekSize(final ByteBuffer source) {
        return Integer.toUnsignedLong(littleEndian(source).getInt(source.position()));
    }

    /** The type byte of the frame at {@code source}'s position; needs {@link #HEADER_SIZE} bytes there. */
    public static int peekType(final ByteBuffer source) {
        return Byte.toUnsignedInt(source.get(source.position() + TYPE_OFFSET));
    }

    /** The tag of the frame at {@code source}'s position; needs {@link #HEADER_SIZE} bytes there. */
    public static int peekTag(final ByteBuffer source) {
        return Short.toUnsignedInt(littleEndian(source).getShort(source.position() + TAG_OFFSET));
    }

    private static ByteBuffer littleEndian(final ByteBuffer source) {
        return source.order() == ByteOrder.LITTLE_ENDIAN
                ? source
                : source.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }
}
