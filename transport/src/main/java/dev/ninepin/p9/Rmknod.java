package dev.ninepin.p9;

/**
 * The reply to {@link Tmknod}: the node exists.
 *
 * <pre>size[4] Rmknod tag[2] qid[13]</pre>
 *
 * @param qid the new node
 */
public record Rmknod(Qid qid) implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rmknod(new Qid(0, 0, 0)));

    @Override
    public void encode(final WireWriter out) {
        qid.encode(out);
    }

    static Rmknod decode(final WireReader in) {
        return new Rmknod(Qid.decode(in));
    }
}
