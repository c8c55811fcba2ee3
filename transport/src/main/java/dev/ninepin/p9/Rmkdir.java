package dev.ninepin.p9;

/**
 * The reply to {@link Tmkdir}: the directory exists.
 *
 * <pre>size[4] Rmkdir tag[2] qid[13]</pre>
 *
 * @param qid the new directory
 */
public record Rmkdir(Qid qid) implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rmkdir(new Qid(0, 0, 0)));

    @Override
    public void encode(final WireWriter out) {
        qid.encode(out);
    }

    static Rmkdir decode(final WireReader in) {
        return new Rmkdir(Qid.decode(in));
    }
}
