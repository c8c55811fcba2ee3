package dev.ninepin.p9;

/**
 * A request for entries of an open directory.
 *
 * <pre>size[4] Treaddir tag[2] fid[4] offset[8] count[4]</pre>
 *
 * @param fid the open directory
 * @param offset 0, or the {@link Dirent#offset} of the last entry read
 * @param count the most bytes of entries to return; if the next entry does not fit, the reply looks like the end of the
 *     directory
 */
public record Treaddir(int fid, long offset, int count) implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(fid);
        out.u64(offset);
        out.u32(count);
    }

    static Treaddir decode(final WireReader in) {
        return new Treaddir(in.u32(), in.u64(), in.u32());
    }

    @Override
    public int replySize() {
        return Math.max(Tmessage.withPayload(Rreaddir.HEADER_SIZE, count), Rlerror.SIZE);
    }
}
