package dev.ninepin.p9;

/**
 * A request to make written data durable.
 *
 * <pre>size[4] Tfsync tag[2] fid[4] datasync[4]</pre>
 *
 * @param fid the open file
 * @param datasync not 0 to sync the data only, as fdatasync(2) does
 */
public record Tfsync(int fid, int datasync) implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(fid);
        out.u32(datasync);
    }

    static Tfsync decode(final WireReader in) {
        return new Tfsync(in.u32(), in.u32());
    }

    @Override
    public int replySize() {
        return Math.max(Rfsync.SIZE, Rlerror.SIZE);
    }
}
