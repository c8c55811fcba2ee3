package dev.ninepin.p9;

/**
 * The reply to {@link Tauth}: the authentication fid exists.
 *
 * <pre>size[4] Rauth tag[2] aqid[13]</pre>
 *
 * @param aqid the identity of the authentication file
 */
public record Rauth(Qid aqid) implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rauth(new Qid(0, 0, 0)));

    @Override
    public void encode(final WireWriter out) {
        aqid.encode(out);
    }

    static Rauth decode(final WireReader in) {
        return new Rauth(Qid.decode(in));
    }
}
