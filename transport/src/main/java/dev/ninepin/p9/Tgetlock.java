package dev.ninepin.p9;

/**
 * A request for a lock that would conflict with the given one.
 *
 * <pre>size[4] Tgetlock tag[2] fid[4] type[1] start[8] length[8] proc_id[4] client_id[s]</pre>
 *
 * @param fid the open file
 * @param type a {@link LockType}
 * @param start the first byte of the range
 * @param length the length of the range in bytes; 0 means to the end of the file
 * @param procId the process that would take the lock
 * @param clientId the name of this process's machine
 */
public record Tgetlock(int fid, int type, long start, long length, int procId, ByteString clientId)
        implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(fid);
        out.u8(type);
        out.u64(start);
        out.u64(length);
        out.u32(procId);
        out.string(clientId);
    }

    static Tgetlock decode(final WireReader in) {
        return new Tgetlock(in.u32(), in.u8(), in.u64(), in.u64(), in.u32(), in.string());
    }

    @Override
    public int replySize() {
        return Math.max(Rgetlock.LARGEST_SIZE, Rlerror.SIZE);
    }
}
