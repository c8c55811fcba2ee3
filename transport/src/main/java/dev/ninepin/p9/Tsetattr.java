package dev.ninepin.p9;

/**
 * A request to change the attributes of a file that {@code valid} selects.
 *
 * <pre>size[4] Tsetattr tag[2] fid[4] valid[4] mode[4] uid[4] gid[4] size[8] atime_sec[8] atime_nsec[8]
 *     mtime_sec[8] mtime_nsec[8]</pre>
 *
 * @param fid the file
 * @param valid bits of {@link SetattrMask}
 * @param mode the permission bits
 * @param uid the owner's server ID
 * @param gid the group's server ID
 * @param size the file size, in bytes
 * @param atimeSec the last access, in seconds since 1970
 * @param atimeNsec the nanoseconds of the last access
 * @param mtimeSec the last change of the data, in seconds since 1970
 * @param mtimeNsec the nanoseconds of the last change of the data
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
