package dev.ninepin.p9;

/**
 * A request to open a session. It negotiates the largest message and the version, and discards all earlier state. Its
 * tag is {@link Frame#NOTAG}, and no other request is in flight.
 *
 * <pre>size[4] Tversion tag[2] msize[4] version[s]</pre>
 *
 * @param msize the largest message that the client accepts, in bytes, including the header
 * @param version {@link #VERSION_9P2000_L}
 */
public record Tversion(int msize, ByteString version) implements Tmessage {
    public static final ByteString VERSION_9P2000_L = ByteString.of("9P2000.L");

    @Override
    public void encode(final WireWriter out) {
        out.u32(msize);
        out.string(version);
    }

    static Tversion decode(final WireReader in) {
        return new Tversion(in.u32(), in.string());
    }

    @Override
    public int replySize() {
        return Math.max(Rversion.LARGEST_SIZE, Rlerror.SIZE);
    }
}
