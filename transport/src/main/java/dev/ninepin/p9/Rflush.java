package dev.ninepin.p9;

/**
 * The request is done or gone.
 *
 * <pre>size[4] Rflush tag[2]</pre>
 */
public record Rflush() implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rflush());

    @Override
    public void encode(final WireWriter out) {
        // The header is all.
    }

    static Rflush decode(final WireReader in) {
        return new Rflush();
    }
}
