package dev.ninepin.p9;

/**
 * What a symbolic link says.
 *
 * <pre>size[4] Rreadlink tag[2] target[s]</pre>
 *
 * @param target the link's text
 */
public record Rreadlink(ByteString target) implements Rmessage {
    /** With a target as long as Linux allows one to be (PATH_MAX). */
    static final int LARGEST_SIZE = Frame.sizeOf(new Rreadlink(ByteString.copyOf(new byte[4096])));

    @Override
    public void encode(final WireWriter out) {
        out.string(target);
    }

    static Rreadlink decode(final WireReader in) {
        return new Rreadlink(in.string());
    }
}
