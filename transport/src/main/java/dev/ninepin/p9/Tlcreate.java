package dev.ninepin.p9;

/**
 * A request to create a regular file and open it. The fid names the directory before and the open file afterwards.
 *
 * <p>Never send {@link OpenFlags#TRUNC}, for the reason that {@link Tlopen} gives.
 *
 * <pre>size[4] Tlcreate tag[2] fid[4] name[s] flags[4] mode[4] gid[4]</pre>
 *
 * @param fid the directory before, the open file after
 * @param name the name of the new file
 * @param flags bits of {@link OpenFlags}
 * @param mode the permission bits, as in open(2)
 * @param gid the group of the new file
 */
public record Tlcreate(int fid, ByteString name, int flags, int mode, int gid) implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(fid);
        out.string(name);
        out.u32(flags);
        out.u32(mode);
        out.u32(gid);
    }

    static Tlcreate decode(final WireReader in) {
        return new Tlcreate(in.u32(), in.string(), in.u32(), in.u32(), in.u32());
    }

    @Override
    public int replySize() {
        return Math.max(Rlcreate.SIZE, Rlerror.SIZE);
    }
}
