package dev.ninepin.p9;

/**
 * The reply to {@link Tclunk}: the fid is free.
 *
 * <pre>size[4] Rclunk tag[2]</pre>
 */
public record Rclunk() implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rclunk());

    @Override
    public void encode(final WireWriter out) {
        // The header is the whole message.
    }

    static Rclunk decode(final WireReader in) {
        return new Rclunk();
    }
}
