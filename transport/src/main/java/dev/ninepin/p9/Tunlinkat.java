package dev.ninepin.p9;

/**
 * A request to remove an entry of a directory, as unlinkat(2) does.
 *
 * <pre>size[4] Tunlinkat tag[2] dirfd[4] name[s] flags[4]</pre>
 *
 * @param dirfd the directory
 * @param name the entry
 * @param flags {@link #AT_REMOVEDIR} for a directory, else 0
 */
public record Tunlinkat(int dirfd, ByteString name, int flags) implements Tmessage {
    /** The flag to remove a directory, which must be empty. */
    public static final int AT_REMOVEDIR = 0x200;

    @Override
    public void encode(final WireWriter out) {
        out.u32(dirfd);
        out.string(name);
        out.u32(flags);
    }

    static Tunlinkat decode(final WireReader in) {
        return new Tunlinkat(in.u32(), in.string(), in.u32());
    }

    @Override
    public int replySize() {
        return Math.max(Runlinkat.SIZE, Rlerror.SIZE);
    }
}
