package dev.ninepin.p9;

/**
 * The reply to {@link Tlopen}: the file is open.
 *
 * <pre>size[4] Rlopen tag[2] qid[13] iounit[4]</pre>
 *
 * @param qid the file
 * @param iounit the preferred size of one read or write, in bytes; 0 if only msize limits it
 */
public record Rlopen(Qid qid, int iounit) implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rlopen(new Qid(0, 0, 0), 0));

    @Override
    public void encode(final WireWriter out) {
        qid.encode(out);
        out.u32(iounit);
    }

    static Rlopen decode(final WireReader in) {
        return new Rlopen(Qid.decode(in), in.u32());
    }
}
