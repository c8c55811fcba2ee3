package dev.ninepin.p9;

/**
 * The reply to {@link Tgetattr}: the attributes of a file. Fields whose bit in {@code valid} is clear have no meaning.
 *
 * <pre>size[4] Rgetattr tag[2] valid[8] qid[13] mode[4] uid[4] gid[4] nlink[8] rdev[8] size[8] blksize[8]
 *     blocks[8] atime_sec[8] atime_nsec[8] mtime_sec[8] mtime_nsec[8] ctime_sec[8] ctime_nsec[8]
 *     btime_sec[8] btime_nsec[8] gen[8] data_version[8]</pre>
 *
 * @param valid bits of {@link AttrMask} for the fields that the server filled in
 * @param qid the file's identity
 * @param mode the file type and permission bits, as in {@code st_mode}
 * @param uid the owner's server ID
 * @param gid the group's server ID
 * @param nlink the number of hard links
 * @param rdev the device number, encoded as by glibc's makedev(3)
 * @param size the file size, in bytes
 * @param blksize the preferred size of one read or write, in bytes
 * @param blocks the allocated units of 512 bytes
 * @param atimeSec the last access, in seconds since 1970
 * @param atimeNsec the nanoseconds of the last access
 * @param mtimeSec the last change of the data, in seconds since 1970
 * @param mtimeNsec the nanoseconds of the last change of the data
 * @param ctimeSec the last change of the attributes, in seconds since 1970
 * @param ctimeNsec the nanoseconds of the last change of the attributes
 * @param btimeSec the creation time, in seconds since 1970
 * @param btimeNsec the nanoseconds of the creation time
 * @param gen the generation of the inode number
 * @param dataVersion a number that changes with the data
 */
public record Rgetattr(
        long valid,
        Qid qid,
        int mode,
        int uid,
        int gid,
        long nlink,
        long rdev,
        long size,
        long blksize,
        long blocks,
        long atimeSec,
        long atimeNsec,
        long mtimeSec,
        long mtimeNsec,
        long ctimeSec,
        long ctimeNsec,
        long btimeSec,
        long btimeNsec,
        long gen,
        long dataVersion)
        implements Rmessage {
    static final int SIZE =
            Frame.sizeOf(new Rgetattr(0, new Qid(0, 0, 0), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));

    @Override
    public void encode(final WireWriter out) {
        out.u64(valid);
        qid.encode(out);
        out.u32(mode);
        out.u32(uid);
        out.u32(gid);
        out.u64(nlink);
        out.u64(rdev);
        out.u64(size);
        out.u64(blksize);
        out.u64(blocks);
        out.u64(atimeSec);
        out.u64(atimeNsec);
        out.u64(mtimeSec);
        out.u64(mtimeNsec);
        out.u64(ctimeSec);
        out.u64(ctimeNsec);
        out.u64(btimeSec);
        out.u64(btimeNsec);
        out.u64(gen);
        out.u64(dataVersion);
    }

    static Rgetattr decode(final WireReader in) {
        return new Rgetattr(
                in.u64(),
                Qid.decode(in),
                in.u32(),
                in.u32(),
                in.u32(),
                in.u64(),
                in.u64(),
                in.u64(),
                in.u64(),
                in.u64(),
                in.u64(),
                in.u64(),
                in.u64(),
                in.u64(),
                in.u64(),
                in.u64(),
                in.u64(),
                in.u64(),
                in.u64(),
                in.u64());
    }
}
