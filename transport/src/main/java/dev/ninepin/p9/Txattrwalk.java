package dev.ninepin.p9;

/**
 * Makes {@code newfid} name an extended attribute, to be read with {@link Tread}; with an empty name, the list of
 * them.
 *
 * <pre>size[4] Txattrwalk tag[2] fid[4] newfid[4] name[s]</pre>
 *
 * @param fid the file
 * @param newfid will name the attribute
 * @param name of the attribute, or empty
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
