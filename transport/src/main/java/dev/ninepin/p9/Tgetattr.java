package dev.ninepin.p9;

/**
 * A request for the attributes of a file.
 *
 * <pre>size[4] Tgetattr tag[2] fid[4] request_mask[8]</pre>
 *
 * @param fid the file
 * @param requestMask bits of {@link AttrMask} for the requested fields
 */
public record Tgetattr(int fid, long requestMask) implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(fid);
        out.u64(requestMask);
    }

    static Tgetattr decode(final WireReader in) {
        return new Tgetattr(in.u32(), in.u64());
    }

    @Override
    public int replySize() {
        return Math.max(Rgetattr.SIZE, Rlerror.SIZE);
    }
}
