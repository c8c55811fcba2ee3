package dev.ninepin.p9;

/**
 * A request to make a fid that names the root of a tree.
 *
 * <pre>size[4] Tattach tag[2] fid[4] afid[4] uname[s] aname[s] n_uname[4]</pre>
 *
 * @param fid the new fid for the root
 * @param afid the fid of a completed authentication, or {@link #NOFID}
 * @param uname the user's name
 * @param aname the tree
 * @param nUname the user's numeric ID, or {@link Tauth#NONUNAME}
 */
public record Tattach(int fid, int afid, ByteString uname, ByteString aname, int nUname) implements Tmessage {
    /** The value of {@code afid} without authentication; never the number of a fid. */
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
