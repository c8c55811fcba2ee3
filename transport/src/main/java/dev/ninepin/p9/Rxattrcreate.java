package dev.ninepin.p9;

/**
 * The reply to {@link Txattrcreate}: the attribute's value may now be written.
 *
 * <pre>size[4] Rxattrcreate tag[2]</pre>
 */
public record Rxattrcreate() implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rxattrcreate());

    @Override
    public void encode(final WireWriter out) {
        // The header is the whole message.
    }

    static Rxattrcreate decode(final WireReader in) {
        return new Rxattrcreate();
    }
}
