package dev.ninepin.p9;

/**
 * The reply to {@link Tsetattr}: the attributes are changed.
 *
 * <pre>size[4] Rsetattr tag[2]</pre>
 */
public record Rsetattr() implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rsetattr());

    @Override
    public void encode(final WireWriter out) {
        // The header is the whole message.
    }

    static Rsetattr decode(final WireReader in) {
        return new Rsetattr();
    }
}
