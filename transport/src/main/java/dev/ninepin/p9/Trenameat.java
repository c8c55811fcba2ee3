package dev.ninepin.p9;

/**
 * A request to rename an entry of a directory, as renameat(2) does.
 *
 * <pre>size[4] Trenameat tag[2] olddirfid[4] oldname[s] newdirfid[4] newname[s]</pre>
 *
 * @param olddirfid the old parent directory
 * @param oldname the old name
 * @param newdirfid the new parent directory
 * @param newname the new name
 */
public record Trenameat(int olddirfid, ByteString oldname, int newdirfid, ByteString newname) implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(olddirfid);
        out.string(oldname);
        out.u32(newdirfid);
        out.string(newname);
    }

    static Trenameat decode(final WireReader in) {
        return new Trenameat(in.u32(), in.string(), in.u32(), in.string());
    }

    @Override
    public int replySize() {
        return Math.max(Rrenameat.SIZE, Rlerror.SIZE);
    }
}
