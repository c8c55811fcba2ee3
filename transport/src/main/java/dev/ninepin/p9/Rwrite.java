package dev.ninepin.p9;

/**
 * The reply to {@link Twrite}.
 *
 * <pre>size[4] Rwrite tag[2] count[4]</pre>
 *
 * @param count the bytes written
 */
public record Rwrite(int count) implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rwrite(0));

    @Override
    public void encode(final WireWriter out) {
        out.u32(count);
    }

    static Rwrite decode(final WireReader in) {
        return new Rwrite(in.u32());
    }
}
