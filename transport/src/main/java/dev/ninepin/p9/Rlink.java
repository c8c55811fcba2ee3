package dev.ninepin.p9;

/**
 * The reply to {@link Tlink}: the hard link exists.
 *
 * <pre>size[4] Rlink tag[2]</pre>
 */
public record Rlink() implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rlink());

    @Override
    public void encode(final WireWriter out) {
        // The header is the whole message.
    }

    static Rlink decode(final WireReader in) {
        return new Rlink();
    }
}
