package dev.ninepin.p9;

/**
 * A request for the statistics of the file system that contains a file, as in statfs(2).
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
