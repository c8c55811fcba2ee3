package dev.ninepin.p9;

/**
 * A request to prepare {@code fid} for writing the value of an extended attribute. The server sets the attribute at the
 * {@link Tclunk} of the fid, and reports errors in its reply.
 *
 * <pre>size[4] Txattrcreate tag[2] fid[4] name[s] attr_size[8] flags[4]</pre>
 *
 * @param fid the file before, the attribute's value after
 * @param name the name of the attribute
 * @param attrSize how many bytes will be written; 0 removes the attribute
 * @param flags 1 if the attribute must not exist, 2 if it must exist, as in setxattr(2)
 */
public record Txattrcreate(int fid, ByteString name, long attrSize, int flags) implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(fid);
        out.string(name);
        out.u64(attrSize);
        out.u32(flags);
    }

    static Txattrcreate decode(final WireReader in) {
        return new Txattrcreate(in.u32(), in.string(), in.u64(), in.u32());
    }

    @Override
    public int replySize() {
        return Math.max(Rxattrcreate.SIZE, Rlerror.SIZE);
    }
}
