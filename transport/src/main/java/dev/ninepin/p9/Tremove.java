package dev.ninepin.p9;

/**
 * Removes the file of a fid, and gives the fid back even if that fails. The older form of {@link Tunlinkat}.
 *
 * <pre>size[4] Tremove tag[2] fid[4]</pre>
 *
 * @param fid the file; is no more
 */
public record Tremove(int fid) implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(fid);
    }

    static Tremove decode(final WireReader in) {
        return new Tremove(in.u32());
    }

    @Override
    public int replySize() {
        return Math.max(Rremove.SIZE, Rlerror.SIZE);
    }
}
