package dev.ninepin.p9;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A message with its tag, as it is sent over a channel.
 *
 * <pre>size[4] type[1] tag[2] body[size - 7]</pre>
 *
 * <p>{@code size} includes its own 4 bytes. Source: diod's {@code protocol.md}; QEMU's {@code hw/9pfs/9p.c}, {@code
 * pdu_submit}.
 *
 * @param tag the number that pairs a reply with its request, 0 to 65535; {@link #NOTAG} for Tversion
 * @param message the message
 */
public record Frame(int tag, Message message) {
    /** The tag of Tversion and Rversion. */
    public static final int NOTAG = 0xffff;

    /** The size of the header {@code size[4] type[1] tag[2]}, in bytes. */
    public static final int HEADER_SIZE = Integer.BYTES + Byte.BYTES + Short.BYTES;

    private static final int TYPE_OFFSET = Integer.BYTES;
    private static final int TAG_OFFSET = TYPE_OFFSET + Byte.BYTES;

    /** Returns the encoded size of {@code message} with its header, in bytes. */
    public static int sizeOf(final Message message) {
        final WireWriter counter = WireWriter.counting();
        message.encode(counter);
        return HEADER_SIZE + counter.count();
    }

    /**
     * Writes the frame at the position of {@code target} and moves the position behind it. Sets {@code target} to
     * little-endian.
     *
     * @throws java.nio.BufferOverflowException if the frame does not fit
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
     * Decodes the one frame between the position and the limit of {@code source}. Data in the message is a view of
     * {@code source}'s memory, not a copy.
     *
     * @throws ProtocolException if the bytes are not exactly one message
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

    /** Returns the size field of the frame at {@code source}'s position, as an unsigned number. Requires 4 bytes. */
    public static long peekSize(final ByteBuffer source) {
        return Integer.toUnsignedLong(littleEndian(source).getInt(source.position()));
    }

    /** Returns the type byte of the frame at {@code source}'s position. Requires {@link #HEADER_SIZE} bytes. */
    public static int peekType(final ByteBuffer source) {
        return Byte.toUnsignedInt(source.get(source.position() + TYPE_OFFSET));
    }

    /** Returns the tag of the frame at {@code source}'s position. Requires {@link #HEADER_SIZE} bytes. */
    public static int peekTag(final ByteBuffer source) {
        return Short.toUnsignedInt(littleEndian(source).getShort(source.position() + TAG_OFFSET));
    }

    private static ByteBuffer littleEndian(final ByteBuffer source) {
        return source.order() == ByteOrder.LITTLE_ENDIAN
                ? source
                : source.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }
}
