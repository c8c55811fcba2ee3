package dev.ninepin.p9;

/**
 * The reply to {@link Tlcreate}: the file is created and open.
 *
 * <pre>size[4] Rlcreate tag[2] qid[13] iounit[4]</pre>
 *
 * @param qid the new file
 * @param iounit the preferred size of one read or write, in bytes; 0 if only msize limits it
 */
public record Rlcreate(Qid qid, int iounit) implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rlcreate(new Qid(0, 0, 0), 0));

    @Override
    public void encode(final WireWriter out) {
        qid.encode(out);
        out.u32(iounit);
    }

    static Rlcreate decode(final WireReader in) {
        return new Rlcreate(Qid.decode(in), in.u32());
    }
}
