package dev.ninepin.p9;

/**
 * Renames an entry of a directory, as renameat(2).
 *
 * <pre>size[4] Trenameat tag[2] olddirfid[4] oldname[s] newdirfid[4] newname[s]</pre>
 *
 * @param olddirfid the directory it is in
 * @param oldname its name there
 * @param newdirfid the directory to put it in
 * @param newname its name there
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
