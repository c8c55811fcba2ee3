package dev.ninepin.p9;

/**
 * A request to make a device node, a FIFO or a socket.
 *
 * <pre>size[4] Tmknod tag[2] dfid[4] name[s] mode[4] major[4] minor[4] gid[4]</pre>
 *
 * @param dfid the directory
 * @param name the name of the new node
 * @param mode the file type and permission bits, as in mknod(2)
 * @param major the major device number
 * @param minor the minor device number
 * @param gid the group of the node
 */
public record Tmknod(int dfid, ByteString name, int mode, int major, int minor, int gid) implements Tmessage {
    @Override
    public void encode(final WireWriter out) {
        out.u32(dfid);
        out.string(name);
        out.u32(mode);
        out.u32(major);
        out.u32(minor);
        out.u32(gid);
    }

    static Tmknod decode(final WireReader in) {
        return new Tmknod(in.u32(), in.string(), in.u32(), in.u32(), in.u32(), in.u32());
    }

    @Override
    public int replySize() {
        return Math.max(Rmknod.SIZE, Rlerror.SIZE);
    }
}
