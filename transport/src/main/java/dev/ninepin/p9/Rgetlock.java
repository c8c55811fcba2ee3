package dev.ninepin.p9;

/**
 * The lock that is in the way; of type {@link LockType#UNLCK} if none is.
 *
 * <pre>size[4] Rgetlock tag[2] type[1] start[8] length[8] proc_id[4] client_id[s]</pre>
 *
 * @param type a {@link LockType}
 * @param start first byte
 * @param length bytes; 0 to the end
 * @param procId who holds it
 * @param clientId on which machine
 */
public record Rgetlock(int type, long start, long length, int procId, ByteString clientId) implements Rmessage {
    /** With a machine name as long as the protocol can carry one. */
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
