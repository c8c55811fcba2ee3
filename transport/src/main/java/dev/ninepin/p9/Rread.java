package dev.ninepin.p9;

import java.nio.ByteBuffer;

/**
 * The reply to {@link Tread}: the bytes read. They may be fewer than requested; none means the end of the file.
 *
 * <pre>size[4] Rread tag[2] count[4] data[count]</pre>
 *
 * @param data the bytes
 */
public record Rread(ByteBuffer data) implements Rmessage {
    /** The size of the message without its data, in bytes. */
    public static final int HEADER_SIZE = Frame.sizeOf(new Rread(ByteBuffer.allocate(0)));

    @Override
    public void encode(final WireWriter out) {
        out.data(data);
    }

    static Rread decode(final WireReader in) {
        return new Rread(in.data());
    }
}
