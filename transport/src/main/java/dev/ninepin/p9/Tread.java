package dev.ninepin.p9;

/**
 * Reads from an open file.
 *
 * <pre>size[4] Tread tag[2] fid[4] offset[8] count[4]</pre>
 *
 * @param fid the open file
 * @param offset of the first byte
 * @param count bytes that may come
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
