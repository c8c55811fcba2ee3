package dev.ninepin.p9;

/**
 * The reply to {@link Tattach}: the fid names the root.
 *
 * <pre>size[4] Rattach tag[2] qid[13]</pre>
 *
 * @param qid the root
 */
public record Rattach(Qid qid) implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rattach(new Qid(0, 0, 0)));

    @Override
    public void encode(final WireWriter out) {
        qid.encode(out);
    }

    static Rattach decode(final WireReader in) {
        return new Rattach(Qid.decode(in));
    }
}
