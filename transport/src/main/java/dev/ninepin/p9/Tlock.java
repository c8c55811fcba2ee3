package dev.ninepin.p9;

/**
 * Takes or frees a POSIX lock on a range, never waiting on the server.
 *
 * <pre>size[4] Tlock tag[2] fid[4] type[1] flags[4] start[8] length[8] proc_id[4] client_id[s]</pre>
 *
 * @param fid the open file
 * @param type a {@link LockType}
 * @param flags 1 the caller waits, 2 reclaimed
 * @param start first byte
 * @param length bytes; 0 to the end
 * @param procId who
 * @param clientId on which machine
 */
public record Tlock(int fid, int type, int flags, long start, long length, int procId, ByteString clientId)
        implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(fid);
        out.u8(type);
        out.u32(flags);
        out.u64(start);
        out.u64(length);
        out.u32(procId);
        out.string(clientId);
    }

    static Tlock decode(final WireReader in) {
        return new Tlock(in.u32(), in.u8(), in.u32(), in.u64(), in.u64(), in.u32(), in.string());
    }

    @Override
    public int replySize() {
        return Math.max(Rlock.SIZE, Rlerror.SIZE);
    }
}
