package dev.ninepin.p9;

/**
 * What the server agrees to.
 *
 * <pre>size[4] Rversion tag[2] msize[4] version[s]</pre>
 *
 * @param msize the largest message of the session; at most what was asked
 * @param version what was asked, or "unknown"
 */
public record Rversion(int msize, ByteString version) implements Rmessage {
    /** A server answers with what was asked or with a shorter word; this leaves room for any that is known. */
    static final int LARGEST_SIZE = Frame.sizeOf(new Rversion(0, ByteString.copyOf(new byte[64])));

    @Override
    public void encode(final WireWriter out) {
        out.u32(msize);
        out.string(version);
    }

    static Rversion decode(final WireReader in) {
        return new Rversion(in.u32(), in.string());
    }
}
