package dev.ninepin.p9;

/**
 * Asks for the figures of the file system that a file is on, as statfs(2) does.
 *
 * <pre>size[4] Tstatfs tag[2] fid[4]</pre>
 *
 * @param fid the file
 */
public record Tstatfs(int fid) implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(fid);
    }

    static Tstatfs decode(final WireReader in) {
        return new Tstatfs(in.u32());
    }

    @Override
    public int replySize() {
        return Math.max(Rstatfs.SIZE, Rlerror.SIZE);
    }
}
