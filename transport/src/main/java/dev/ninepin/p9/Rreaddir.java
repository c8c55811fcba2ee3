package dev.ninepin.p9;

import java.nio.ByteBuffer;

/**
 * Entries of a directory, as {@link Dirent#decodeAll} reads them; none at the end.
 *
 * <pre>size[4] Rreaddir tag[2] count[4] data[count]</pre>
 *
 * @param data the entries
 */
public record Rreaddir(ByteBuffer data) implements Rmessage {
    /** The bytes of the message beside its data. */
    public static final int HEADER_SIZE = Frame.sizeOf(new Rreaddir(ByteBuffer.allocate(0)));

    @Override
    public void encode(final WireWriter out) {
        out.data(data);
    }

    static Rreaddir decode(final WireReader in) {
        return new Rreaddir(in.data());
    }
}
