package dev.ninepin.p9;

/**
 * A request to make {@code newfid} name an extended attribute, to be read with {@link Tread}. With an empty name,
 * {@code newfid} names the list of attributes.
 *
 * <pre>size[4] Txattrwalk tag[2] fid[4] newfid[4] name[s]</pre>
 *
 * @param fid the file
 * @param newfid the new fid for the attribute
 * @param name the name of the attribute, or empty
 */
public record Txattrwalk(int fid, int newfid, ByteString name) implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(fid);
        out.u32(newfid);
        out.string(name);
    }

    static Txattrwalk decode(final WireReader in) {
        return new Txattrwalk(in.u32(), in.u32(), in.string());
    }

    @Override
    public int replySize() {
        return Math.max(Rxattrwalk.SIZE, Rlerror.SIZE);
    }
}
