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
 * Direct, little-endian memory for replies, kept for the next one. Any thread.
 *
 * <p>Buffers come in sizes of a power of two and a little more, because what is asked for is mostly a power of two of
 * data with a header before it. Of each size there are never more than were out at the same time.
 */
final class BufferPool {
    private static final int SMALLEST = 512;
    private static final int HEADER_ROOM = 64;

    private final int largest;
    private final int keptPerSize;

    /** By size, the smallest first; those that are not out. */
    @GuardedBy("this")
    private final List<Deque<ByteBuffer>> idle = new ArrayList<>();

    /**
     * @param largest the most bytes that may be asked for
     * @param keptPerSize how many buffers of one size are kept at most
     */
    BufferPool(final int largest, final int keptPerSize) {
        this.largest = largest;
        this.keptPerSize = keptPerSize;
        for (int i = 0; i <= sizeIndex(largest); i++) {
            idle.add(new ArrayDeque<>());
        }
    }

    /** The most bytes that may be asked for. */
    int largest() {
        return largest;
    }

    /** Lends {@code size} bytes, from position 0 to the limit; what they hold is anything. */
    ByteBuffer take(final int size) {
        final int index = sizeIndex(size);
        final ByteBuffer kept = takeIdle(index);
        final ByteBuffer buffer = kept != null ? kept : ByteBuffer.allocateDirect(sizeAt(index));
        return buffer.clear().limit(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Takes back a buffer of {@link #take}; the caller sees to it that this happens once. */
    synchronized void giveBack(final ByteBuffer buffer) {
        final Deque<ByteBuffer> same = idle.get(sizeIndex(buffer.capacity()));
        if (same.size() < keptPerSize) {
            same.push(buffer);
        }
    }

    private synchronized @Nullable ByteBuffer takeIdle(final int index) {
        // The one that came back last is the likeliest to be in the processor's cache.
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
