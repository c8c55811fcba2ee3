package dev.ninepin.p9;

/**
 * A request to take or release a POSIX lock on a range. The server never waits for a conflicting lock to be released.
 *
 * <pre>size[4] Tlock tag[2] fid[4] type[1] flags[4] start[8] length[8] proc_id[4] client_id[s]</pre>
 *
 * @param fid the open file
 * @param type a {@link LockType}
 * @param flags 1 if the caller blocks for the lock, 2 if it reclaims the lock
 * @param start the first byte of the range
 * @param length the length of the range in bytes; 0 means to the end of the file
 * @param procId the process that takes the lock
 * @param clientId the name of this process's machine
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
