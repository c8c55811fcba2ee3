package dev.ninepin.p9;

/**
 * A request to remove the file of a fid and release the fid, even if removing the file fails. The older form of {@link
 * Tunlinkat}.
 *
 * <pre>size[4] Tremove tag[2] fid[4]</pre>
 *
 * @param fid the file; released afterwards
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
