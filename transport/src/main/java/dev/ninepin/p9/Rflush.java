package dev.ninepin.p9;

/**
 * The reply to {@link Tflush}: the flushed request is finished or discarded.
 *
 * <pre>size[4] Rflush tag[2]</pre>
 */
public record Rflush() implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rflush());

    @Override
    public void encode(final WireWriter out) {
        // The header is the whole message.
    }

    static Rflush decode(final WireReader in) {
        return new Rflush();
    }
}
