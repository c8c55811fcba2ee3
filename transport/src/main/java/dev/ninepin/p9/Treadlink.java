package dev.ninepin.p9;

/**
 * A request for the target of a symbolic link.
 *
 * <pre>size[4] Treadlink tag[2] fid[4]</pre>
 *
 * @param fid the link
 */
public record Treadlink(int fid) implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(fid);
    }

    static Treadlink decode(final WireReader in) {
        return new Treadlink(in.u32());
    }

    @Override
    public int replySize() {
        return Math.max(Rreadlink.LARGEST_SIZE, Rlerror.SIZE);
    }
}
