package dev.ninepin.p9;

/**
 * A request to make a directory.
 *
 * <pre>size[4] Tmkdir tag[2] dfid[4] name[s] mode[4] gid[4]</pre>
 *
 * @param dfid the parent directory
 * @param name the name of the new directory
 * @param mode the permission bits
 * @param gid the group of the new directory
 */
public record Tmkdir(int dfid, ByteString name, int mode, int gid) implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(dfid);
        out.string(name);
        out.u32(mode);
        out.u32(gid);
    }

    static Tmkdir decode(final WireReader in) {
        return new Tmkdir(in.u32(), in.string(), in.u32(), in.u32());
    }

    @Override
    public int replySize() {
        return Math.max(Rmkdir.SIZE, Rlerror.SIZE);
    }
}
