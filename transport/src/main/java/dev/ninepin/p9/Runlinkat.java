package dev.ninepin.p9;

/**
 * The reply to {@link Tunlinkat}: the entry is removed.
 *
 * <pre>size[4] Runlinkat tag[2]</pre>
 */
public record Runlinkat() implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Runlinkat());

    @Override
    public void encode(final WireWriter out) {
        // The header is the whole message.
    }

    static Runlinkat decode(final WireReader in) {
        return new Runlinkat();
    }
}
