package dev.ninepin.p9;

/**
 * It is durable.
 *
 * <pre>size[4] Rfsync tag[2]</pre>
 */
public record Rfsync() implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rfsync());

    @Override
    public void encode(final WireWriter out) {
        // The header is all.
    }

    static Rfsync decode(final WireReader in) {
        return new Rfsync();
    }
}
