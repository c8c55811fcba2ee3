package dev.ninepin.fuse;

import dev.ninepin.p9.Dirent;
import dev.ninepin.share.DirectorySink;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The data of a reply to READDIR: entries as the kernel takes them, {@code struct fuse_dirent} of linux/fuse.h, each
 * padded to eight bytes.
 *
 * <pre>ino[8] off[8] namelen[4] type[4] name[namelen]</pre>
 */
final class DirentBuffer implements DirectorySink {
    private static final int HEADER = 24;
    private static final int ALIGNMENT = 8;

    private final ByteBuffer buffer;
    private boolean refused;

    /** Writes into {@code memory}, from its position to its limit. */
    DirentBuffer(final ByteBuffer memory) {
        buffer = memory.order(ByteOrder.nativeOrder());
    }

    @Override
    public boolean offer(final Dirent entry) {
        final int length = entry.name().length();
        final int size = (HEADER + length + ALIGNMENT - 1) & -ALIGNMENT;
        if (size > buffer.remaining()) {
            refused = true;
            return false;
        }
        buffer.putLong(entry.qid().path());
        buffer.putLong(entry.offset());
        buffer.putInt(length);
        buffer.putInt(entry.type());
        entry.name().putInto(buffer);
        for (int i = HEADER + length; i < size; i++) {
            buffer.put((byte) 0);
        }
        return true;
    }

    /** Whether an entry was offered and did not fit even alone: an empty reply would end the directory there. */
    boolean isTooSmall() {
        return refused && buffer.position() == 0;
    }

    /** The entries, from position to limit. */
    ByteBuffer finish() {
        return buffer.flip();
    }
}
