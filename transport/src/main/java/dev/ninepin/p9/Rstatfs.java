package dev.ninepin.p9;

/**
 * The reply to {@link Tstatfs}: the statistics of a file system.
 *
 * <pre>size[4] Rstatfs tag[2] type[4] bsize[4] blocks[8] bfree[8] bavail[8] files[8] ffree[8] fsid[8]
 *     namelen[4]</pre>
 *
 * @param type the file system's magic number
 * @param bsize the block size, in bytes
 * @param blocks the total number of blocks
 * @param bfree the free blocks
 * @param bavail the free blocks available to users other than root
 * @param files the total number of files
 * @param ffree the number of files that can still be created
 * @param fsid the file system's identity
 * @param namelen the longest file name, in bytes
 */
public record Rstatfs(
        int type, int bsize, long blocks, long bfree, long bavail, long files, long ffree, long fsid, int namelen)
        implements Rmessage {
    static final int SIZE = Frame.sizeOf(new Rstatfs(0, 0, 0, 0, 0, 0, 0, 0, 0));

    @Override
    public void encode(final WireWriter out) {
        out.u32(type);
        out.u32(bsize);
        out.u64(blocks);
        out.u64(bfree);
        out.u64(bavail);
        out.u64(files);
        out.u64(ffree);
        out.u64(fsid);
        out.u32(namelen);
    }

    static Rstatfs decode(final WireReader in) {
        return new Rstatfs(in.u32(), in.u32(), in.u64(), in.u64(), in.u64(), in.u64(), in.u64(), in.u64(), in.u32());
    }
}
