package dev.ninepin.p9;

/**
 * The reply to {@link Tsymlink}: the symbolic link exists.
 *
 * <pre>size[4] Rsymlink tag[2] qid[13]</pre>
 *
 * @param qid the new link
 */
public record Rsymlink(Qid qid) implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rsymlink(new Qid(0, 0, 0)));

    @Override
    public void encode(final WireWriter out) {
        qid.encode(out);
    }

    static Rsymlink decode(final WireReader in) {
        return new Rsymlink(Qid.decode(in));
    }
}
