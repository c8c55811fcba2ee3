package dev.ninepin.p9;

/**
 * The reply to {@link Trenameat}: the file is renamed.
 *
 * <pre>size[4] Rrenameat tag[2]</pre>
 */
public record Rrenameat() implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rrenameat());

    @Override
    public void encode(final WireWriter out) {
        // The header is the whole message.
    }

    static Rrenameat decode(final WireReader in) {
        return new Rrenameat();
    }
}
