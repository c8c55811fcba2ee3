package dev.ninepin.p9;

import java.nio.ByteBuffer;

/**
 * What was read: fewer bytes than asked, or none at the end of the file.
 *
 * <pre>size[4] Rread tag[2] count[4] data[count]</pre>
 *
 * @param data the bytes
 */
public record Rread(ByteBuffer data) implements Rmessage {
    /** The bytes of the message beside its data. */
    public static final int HEADER_SIZE = Frame.sizeOf(new Rread(ByteBuffer.allocate(0)));

    @Override
    public void encode(final WireWriter out) {
        out.data(data);
    }

    static Rread decode(final WireReader in) {
        return new Rread(in.data());
    }
}
