package dev.ninepin.p9;

/**
 * It is gone.
 *
 * <pre>size[4] Runlinkat tag[2]</pre>
 */
public record Runlinkat() implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Runlinkat());

    @Override
    public void encode(final WireWriter out) {
        // The header is all.
    }

    static Runlinkat decode(final WireReader in) {
        return new Runlinkat();
    }
}
