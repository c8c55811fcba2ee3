package dev.ninepin.p9;

/**
 * The reply to {@link Tgetlock}: a conflicting lock, or the type {@link LockType#UNLCK} if there is none.
 *
 * <pre>size[4] Rgetlock tag[2] type[1] start[8] length[8] proc_id[4] client_id[s]</pre>
 *
 * @param type a {@link LockType}
 * @param start the first byte of the range
 * @param length the length of the range in bytes; 0 means to the end of the file
 * @param procId the process that holds the lock
 * @param clientId the name of this process's machine
 */
public record Rgetlock(int type, long start, long length, int procId, ByteString clientId) implements Rmessage {
    /** The size with the longest machine name that the protocol allows, in bytes. */
    static final int LARGEST_SIZE =
            Frame.sizeOf(new Rgetlock(0, 0, 0, 0, ByteString.copyOf(new byte[ByteString.MAX_LENGTH])));

    @Override
    public void encode(final WireWriter out) {
        out.u8(type);
        out.u64(start);
        out.u64(length);
        out.u32(procId);
        out.string(clientId);
    }

    static Rgetlock decode(final WireReader in) {
        return new Rgetlock(in.u8(), in.u64(), in.u64(), in.u32(), in.string());
    }
}
