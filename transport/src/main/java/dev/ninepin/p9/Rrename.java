package dev.ninepin.p9;

/**
 * The reply to {@link Trename}: the file is renamed.
 *
 * <pre>size[4] Rrename tag[2]</pre>
 */
public record Rrename() implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rrename());

    @Override
    public void encode(final WireWriter out) {
        // The header is the whole message.
    }

    static Rrename decode(final WireReader in) {
        return new Rrename();
    }
}
