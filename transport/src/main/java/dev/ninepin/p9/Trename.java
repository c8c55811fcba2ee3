package dev.ninepin.p9;

/**
 * A request to rename the file of a fid. The older form of {@link Trenameat}, for servers that lack it.
 *
 * <pre>size[4] Trename tag[2] fid[4] dfid[4] name[s]</pre>
 *
 * @param fid the file
 * @param dfid the new parent directory
 * @param name the new name
 */
public record Trename(int fid, int dfid, ByteString name) implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(fid);
        out.u32(dfid);
        out.string(name);
    }

    static Trename decode(final WireReader in) {
        return new Trename(in.u32(), in.u32(), in.string());
    }

    @Override
    public int replySize() {
        return Math.max(Rrename.SIZE, Rlerror.SIZE);
    }
}
