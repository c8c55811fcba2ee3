package dev.ninepin.p9;

/**
 * Opens the file of a fid, which must not be open yet.
 *
 * <p>Never send {@link OpenFlags#TRUNC}: QEMU keeps the flags and truncates again, later, when it has reclaimed the
 * descriptor and opens the path anew ({@code hw/9pfs/9p.c}, {@code v9fs_reopen_file}). Truncate with {@link
 * Tsetattr}.
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
