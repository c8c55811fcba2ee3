package dev.ninepin.p9;

/**
 * The reply to {@link Tversion}: the msize and version that the server agrees to.
 *
 * <pre>size[4] Rversion tag[2] msize[4] version[s]</pre>
 *
 * @param msize the largest message of the session, in bytes; at most the requested msize
 * @param version the requested version, or "unknown"
 */
public record Rversion(int msize, ByteString version) implements Rmessage {
    /**
     * The largest expected size, in bytes. A server answers with the requested version or a shorter word; 64 bytes hold
     * any known one.
     */
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
