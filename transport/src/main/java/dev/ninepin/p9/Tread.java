package dev.ninepin.p9;

/**
 * A request to read from an open file.
 *
 * <pre>size[4] Tread tag[2] fid[4] offset[8] count[4]</pre>
 *
 * @param fid the open file
 * @param offset the offset of the first byte
 * @param count the most bytes to return
 */
public record Tread(int fid, long offset, int count) implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(fid);
        out.u64(offset);
        out.u32(count);
    }

    static Tread decode(final WireReader in) {
        return new Tread(in.u32(), in.u64(), in.u32());
    }

    @Override
    public int replySize() {
        return Math.max(Tmessage.withPayload(Rread.HEADER_SIZE, count), Rlerror.SIZE);
    }
}
