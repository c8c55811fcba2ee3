package dev.ninepin.p9;

/**
 * The file is open.
 *
 * <pre>size[4] Rlopen tag[2] qid[13] iounit[4]</pre>
 *
 * @param qid the file
 * @param iounit bytes that one read or write moves at best; 0 for "as msize allows"
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
