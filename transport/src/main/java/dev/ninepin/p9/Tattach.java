package dev.ninepin.p9;

/**
 * Makes a fid name the root of a tree.
 *
 * <pre>size[4] Tattach tag[2] fid[4] afid[4] uname[s] aname[s] n_uname[4]</pre>
 *
 * @param fid will name the root
 * @param afid what was authenticated over, or {@link #NOFID}
 * @param uname the user
 * @param aname the tree
 * @param nUname the user's number, or {@link Tauth#NONUNAME}
 */
public record Tattach(int fid, int afid, ByteString uname, ByteString aname, int nUname) implements Tmessage {
    /** Nothing was authenticated; as a fid it is none. */
    public static final int NOFID = -1;

    @Override
    public void encode(final WireWriter out) {
        out.u32(fid);
        out.u32(afid);
        out.string(uname);
        out.string(aname);
        out.u32(nUname);
    }

    static Tattach decode(final WireReader in) {
        return new Tattach(in.u32(), in.u32(), in.string(), in.string(), in.u32());
    }

    @Override
    public int replySize() {
        return Math.max(Rattach.SIZE, Rlerror.SIZE);
    }
}
