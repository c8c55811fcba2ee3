package dev.ninepin.p9;

/**
 * The reply to {@link Tfsync}: the data is durable.
 *
 * <pre>size[4] Rfsync tag[2]</pre>
 */
public record Rfsync() implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rfsync());

    @Override
    public void encode(final WireWriter out) {
        // The header is the whole message.
    }

    static Rfsync decode(final WireReader in) {
        return new Rfsync();
    }
}
