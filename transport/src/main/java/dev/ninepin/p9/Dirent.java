package dev.ninepin.p9;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * One directory entry in the data of an Rreaddir.
 *
 * <pre>qid[13] offset[8] type[1] name[s]</pre>
 *
 * @param qid the file's identity; servers may leave its type and version 0 (QEMU does)
 * @param offset the opaque cookie, any 64 bits, that continues <em>after</em> this entry
 * @param type a {@code DT_…} constant of readdir(3); 0, {@code DT_UNKNOWN}, if the server does not know the type
 * @param name the name of the entry
 */
public record Dirent(Qid qid, long offset, int type, ByteString name) {
    /** Returns the encoded size of this entry, in bytes. */
    public int size() {
        final WireWriter counter = WireWriter.counting();
        encode(counter);
        return counter.count();
    }

    /** Writes this entry at the position of {@code target}, which must be little-endian. */
    public void encode(final ByteBuffer target) {
        encode(WireWriter.into(target));
    }

    private void encode(final WireWriter out) {
        qid.encode(out);
        out.u64(offset);
        out.u8(type);
        out.string(name);
    }

    /**
     * Decodes all entries of {@code data}, the payload of an {@link Rreaddir}.
     *
     * @throws ProtocolException if the last entry is truncated
     */
    public static List<Dirent> decodeAll(final ByteBuffer data) throws ProtocolException {
        final WireReader in = new WireReader(data.duplicate());
        final List<Dirent> entries = new ArrayList<>();
        while (in.remaining() > 0 && !in.isOverrun()) {
            entries.add(new Dirent(Qid.decode(in), in.u64(), in.u8(), in.string()));
        }
        in.finish("a directory entry");
        return List.copyOf(entries);
    }
}
