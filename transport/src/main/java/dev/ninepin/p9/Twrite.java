package dev.ninepin.p9;

import java.nio.ByteBuffer;

/**
 * A request to write to an open file.
 *
 * <pre>size[4] Twrite tag[2] fid[4] offset[8] count[4] data[count]</pre>
 *
 * @param fid the open file
 * @param offset the offset of the first byte
 * @param data the bytes
 */
public record Twrite(int fid, long offset, ByteBuffer data) implements Tmessage {
    /** The size of the message without its data, in bytes. */
    public static final int HEADER_SIZE = Frame.sizeOf(new Twrite(0, 0, ByteBuffer.allocate(0)));

    @Override
    public void encode(final WireWriter out) {
        out.u32(fid);
        out.u64(offset);
        out.data(data);
    }

    static Twrite decode(final WireReader in) {
        return new Twrite(in.u32(), in.u64(), in.data());
    }

    @Override
    public int replySize() {
        return Math.max(Rwrite.SIZE, Rlerror.SIZE);
    }
}
