package dev.ninepin.p9;

/**
 * A request to open the file of a fid that is not open yet.
 *
 * <p>Never send {@link OpenFlags#TRUNC}. QEMU may close the file to reclaim its descriptor, and later reopen the path
 * with the same flags. This would truncate the file again ({@code hw/9pfs/9p.c}, {@code v9fs_reopen_file}). Truncate
 * with {@link Tsetattr}.
 *
 * <pre>size[4] Tlopen tag[2] fid[4] flags[4]</pre>
 *
 * @param fid the file; open afterwards
 * @param flags bits of {@link OpenFlags}
 */
public record Tlopen(int fid, int flags) implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(fid);
        out.u32(flags);
    }

    static Tlopen decode(final WireReader in) {
        return new Tlopen(in.u32(), in.u32());
    }

    @Override
    public int replySize() {
        return Math.max(Rlopen.SIZE, Rlerror.SIZE);
    }
}
