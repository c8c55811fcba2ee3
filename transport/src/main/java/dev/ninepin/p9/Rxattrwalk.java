package dev.ninepin.p9;

/**
 * The reply to {@link Txattrwalk}: {@code newfid} names the attribute.
 *
 * <pre>size[4] Rxattrwalk tag[2] size[8]</pre>
 *
 * @param size how many bytes can be read
 */
public record Rxattrwalk(long size) implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rxattrwalk(0));

    @Override
    public void encode(final WireWriter out) {
        out.u64(size);
    }

    static Rxattrwalk decode(final WireReader in) {
        return new Rxattrwalk(in.u64());
    }
}
