package dev.ninepin.p9;

/**
 * The figures of a file system.
 *
 * <pre>size[4] Rstatfs tag[2] type[4] bsize[4] blocks[8] bfree[8] bavail[8] files[8] ffree[8] fsid[8]
 *     namelen[4]</pre>
 *
 * @param type its magic number
 * @param bsize bytes in a block
 * @param blocks blocks in all
 * @param bfree blocks free
 * @param bavail blocks free for those who are not root
 * @param files files in all
 * @param ffree files that may still be made
 * @param fsid the identity of the file system
 * @param namelen the longest name, in bytes
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
