package dev.ninepin.p9;

/**
 * A request to make a hard link.
 *
 * <pre>size[4] Tlink tag[2] dfid[4] fid[4] name[s]</pre>
 *
 * @param dfid the directory of the new link
 * @param fid the file
 * @param name the name of the new link
 */
public record Tlink(int dfid, int fid, ByteString name) implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(dfid);
        out.u32(fid);
        out.string(name);
    }

    static Tlink decode(final WireReader in) {
        return new Tlink(in.u32(), in.u32(), in.string());
    }

    @Override
    public int replySize() {
        return Math.max(Rlink.SIZE, Rlerror.SIZE);
    }
}
