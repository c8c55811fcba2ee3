package dev.ninepin.p9;

/**
 * The value may be written.
 *
 * <pre>size[4] Rxattrcreate tag[2]</pre>
 */
public record Rxattrcreate() implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rxattrcreate());

    @Override
    public void encode(final WireWriter out) {
        // The header is all.
    }

    static Rxattrcreate decode(final WireReader in) {
        return new Rxattrcreate();
    }
}
