package dev.ninepin.p9;

/**
 * A request for a fid to authenticate over.
 *
 * <pre>size[4] Tauth tag[2] afid[4] uname[s] aname[s] n_uname[4]</pre>
 *
 * @param afid the new fid to authenticate over
 * @param uname the user's name
 * @param aname the tree
 * @param nUname the user's numeric ID, or {@link #NONUNAME}
 */
public record Tauth(int afid, ByteString uname, ByteString aname, int nUname) implements Tmessage {
    /** The value of {@code nUname} if the user's numeric ID is not known. */
    public static final int NONUNAME = -1;

    @Override
    public void encode(final WireWriter out) {
        out.u32(afid);
        out.string(uname);
        out.string(aname);
        out.u32(nUname);
    }

    static Tauth decode(final WireReader in) {
        return new Tauth(in.u32(), in.string(), in.string(), in.u32());
    }

    @Override
    public int replySize() {
        return Math.max(Rauth.SIZE, Rlerror.SIZE);
    }
}
