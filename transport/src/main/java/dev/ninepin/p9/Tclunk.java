package dev.ninepin.p9;

/**
 * A request to release a fid. The fid is free afterwards, even if the reply is an error.
 *
 * <pre>size[4] Tclunk tag[2] fid[4]</pre>
 *
 * @param fid the fid to release
 */
public record Tclunk(int fid) implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(fid);
    }

    static Tclunk decode(final WireReader in) {
        return new Tclunk(in.u32());
    }

    @Override
    public int replySize() {
        return Math.max(Rclunk.SIZE, Rlerror.SIZE);
    }
}
