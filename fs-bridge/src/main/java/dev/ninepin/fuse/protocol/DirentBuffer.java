package dev.ninepin.fuse.protocol;

import dev.ninepin.operations.DirectorySink;
import dev.ninepin.p9.Dirent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A buffer with the data of a READDIR reply: {@code struct fuse_dirent} of linux/fuse.h, each padded to eight bytes.
 * Not thread-safe.
 *
 * <pre>ino[8] off[8] namelen[4] type[4] name[namelen]</pre>
 */
public final class DirentBuffer implements DirectorySink {
    private static final int HEADER = 24;
    private static final int ALIGNMENT = 8;

    private final ByteBuffer buffer;
    private boolean refused;

    /** Creates a buffer that writes into {@code memory}, from its position to its limit. */
    public DirentBuffer(final ByteBuffer memory) {
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

    /**
     * Returns whether the buffer cannot hold even the first entry that was offered. An empty reply would then wrongly
     * mark the end of the directory.
     */
    public boolean isTooSmall() {
        return refused && buffer.position() == 0;
    }

    /** Returns the entries, from position to limit. */
    public ByteBuffer finish() {
        return buffer.flip();
    }
}
