package dev.ninepin.p9;

/**
 * The file is there and open.
 *
 * <pre>size[4] Rlcreate tag[2] qid[13] iounit[4]</pre>
 *
 * @param qid the new file
 * @param iounit bytes that one read or write moves at best; 0 for "as msize allows"
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
