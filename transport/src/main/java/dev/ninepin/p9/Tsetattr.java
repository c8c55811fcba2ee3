package dev.ninepin.p9;

/**
 * Changes attributes of a file; those that {@code valid} names.
 *
 * <pre>size[4] Tsetattr tag[2] fid[4] valid[4] mode[4] uid[4] gid[4] size[8] atime_sec[8] atime_nsec[8]
 *     mtime_sec[8] mtime_nsec[8]</pre>
 *
 * @param fid the file
 * @param valid bits of {@link SetattrMask}
 * @param mode permission bits
 * @param uid owner
 * @param gid group
 * @param size bytes
 * @param atimeSec last access, seconds since 1970
 * @param atimeNsec and nanoseconds
 * @param mtimeSec last change of the data
 * @param mtimeNsec and nanoseconds
 */
public record Tsetattr(
        int fid,
        int valid,
        int mode,
        int uid,
        int gid,
        long size,
        long atimeSec,
        long atimeNsec,
        long mtimeSec,
        long mtimeNsec)
        implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(fid);
        out.u32(valid);
        out.u32(mode);
        out.u32(uid);
        out.u32(gid);
        out.u64(size);
        out.u64(atimeSec);
        out.u64(atimeNsec);
        out.u64(mtimeSec);
        out.u64(mtimeNsec);
    }

    static Tsetattr decode(final WireReader in) {
        return new Tsetattr(
                in.u32(), in.u32(), in.u32(), in.u32(), in.u32(), in.u64(), in.u64(), in.u64(), in.u64(), in.u64());
    }

    @Override
    public int replySize() {
        return Math.max(Rsetattr.SIZE, Rlerror.SIZE);
    }
}
