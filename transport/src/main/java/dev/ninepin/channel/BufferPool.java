package dev.ninepin.channel;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pool of direct, little-endian buffers for replies. Any thread may call any method.
 *
 * <p>The buffer sizes are powers of two plus a little room, because most replies are a power of two of data after a
 * header. The pool never holds more buffers of one size than were lent at the same time.
 */
public final class BufferPool {
    private static final int SMALLEST = 512;
    private static final int HEADER_ROOM = 64;

    private final int largest;
    private final int keptPerSize;

    /** The buffers that are not lent, one queue per size, smallest size first. */
    @GuardedBy("this")
    private final List<Deque<ByteBuffer>> idle = new ArrayList<>();

    /**
     * @param largest the largest buffer that can be taken, in bytes
     * @param keptPerSize how many buffers of one size to keep at most
     */
    public BufferPool(final int largest, final int keptPerSize) {
        this.largest = largest;
        this.keptPerSize = keptPerSize;
        for (int i = 0; i <= sizeIndex(largest); i++) {
            idle.add(new ArrayDeque<>());
        }
    }

    /** Returns the largest buffer that can be taken, in bytes. */
    public int largest() {
        return largest;
    }

    /** Lends a buffer with position 0 and limit {@code size}. Its content is undefined. */
    public ByteBuffer take(final int size) {
        final int index = sizeIndex(size);
        final ByteBuffer kept = takeIdle(index);
        final ByteBuffer buffer = kept != null ? kept : ByteBuffer.allocateDirect(sizeAt(index));
        return buffer.clear().limit(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Takes back a buffer of {@link #take}. The caller ensures that each buffer is given back once. */
    public synchronized void giveBack(final ByteBuffer buffer) {
        final Deque<ByteBuffer> same = idle.get(sizeIndex(buffer.capacity()));
        if (same.size() < keptPerSize) {
            same.push(buffer);
        }
    }

    private synchronized @Nullable ByteBuffer takeIdle(final int index) {
        // The buffer that came back last is most likely still in the processor's cache.
        return idle.get(index).poll();
    }

    private static int sizeAt(final int index) {
        return (SMALLEST << index) + HEADER_ROOM;
    }

    private static int sizeIndex(final int size) {
        int index = 0;
        while (sizeAt(index) < size) {
            index++;
        }
        return index;
    }
}
