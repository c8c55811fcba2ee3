package dev.ninepin.p9;

/**
 * A request to make a symbolic link.
 *
 * <pre>size[4] Tsymlink tag[2] dfid[4] name[s] symtgt[s] gid[4]</pre>
 *
 * @param dfid the directory
 * @param name the name of the new link
 * @param symtgt the link's target
 * @param gid the group of the link
 */
public record Tsymlink(int dfid, ByteString name, ByteString symtgt, int gid) implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(dfid);
        out.string(name);
        out.string(symtgt);
        out.u32(gid);
    }

    static Tsymlink decode(final WireReader in) {
        return new Tsymlink(in.u32(), in.string(), in.string(), in.u32());
    }

    @Override
    public int replySize() {
        return Math.max(Rsymlink.SIZE, Rlerror.SIZE);
    }
}
