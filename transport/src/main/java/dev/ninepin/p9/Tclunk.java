package dev.ninepin.p9;

/**
 * Gives a fid back. It is free afterwards, whatever the reply says.
 *
 * <pre>size[4] Tclunk tag[2] fid[4]</pre>
 *
 * @param fid is no more
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
