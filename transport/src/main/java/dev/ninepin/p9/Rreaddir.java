package dev.ninepin.p9;

import java.nio.ByteBuffer;

/**
 * The reply to {@link Treaddir}: directory entries for {@link Dirent#decodeAll}; none at the end of the directory.
 *
 * <pre>size[4] Rreaddir tag[2] count[4] data[count]</pre>
 *
 * @param data the encoded entries
 */
public record Rreaddir(ByteBuffer data) implements Rmessage {
    /** The size of the message without its data, in bytes. */
    public static final int HEADER_SIZE = Frame.sizeOf(new Rreaddir(ByteBuffer.allocate(0)));

    @Override
    public void encode(final WireWriter out) {
        out.data(data);
    }

    static Rreaddir decode(final WireReader in) {
        return new Rreaddir(in.data());
    }
}
