package dev.ninepin.p9;

/**
 * The reply to {@link Treadlink}: the target of a symbolic link.
 *
 * <pre>size[4] Rreadlink tag[2] target[s]</pre>
 *
 * @param target the target's path
 */
public record Rreadlink(ByteString target) implements Rmessage {
    /** The size with the longest target that Linux allows (PATH_MAX), in bytes. */
    static final int LARGEST_SIZE = Frame.sizeOf(new Rreadlink(ByteString.copyOf(new byte[4096])));

    @Override
    public void encode(final WireWriter out) {
        out.string(target);
    }

    static Rreadlink decode(final WireReader in) {
        return new Rreadlink(in.string());
    }
}
