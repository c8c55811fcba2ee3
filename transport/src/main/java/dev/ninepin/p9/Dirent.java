package dev.ninepin.p9;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * One entry in the data of an Rreaddir.
 *
 * <pre>qid[13] offset[8] type[1] name[s]</pre>
 *
 * @param qid the file; servers may leave its type and version 0 here (QEMU does)
 * @param offset the cookie that continues <em>after</em> this entry; opaque, any 64 bits
 * @param type a {@code DT_…} of readdir(3); 0, {@code DT_UNKNOWN}, where the server does not know
 */
public record Dirent(Qid qid, long offset, int type, ByteString name) {
    /** The bytes that this entry takes. */
    public int size() {
        final WireWriter counter = WireWriter.counting();
        encode(counter);
        return counter.count();
    }

    /** Writes this entry at {@code target}'s position; {@code target} must be little-endian. */
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
     * All entries that {@code data}, the payload of an {@link Rreaddir}, holds.
     *
     * @throws ProtocolException if the last one is cut short
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
