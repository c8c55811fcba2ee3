package dev.ninepin.share;

import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Direct buffers for reads that take more than one reply, used again and again. Any thread. */
final class DataBuffers {
    private final ConcurrentLinkedQueue<ByteBuffer> free = new ConcurrentLinkedQueue<>();

    /** A buffer of {@code size} bytes at least, empty. */
    ByteBuffer take(final int size) {
        final ByteBuffer used = free.poll();
        // One that is too small is left to the garbage collector: the kernel's requests all have the same few sizes.
        return used != null && used.capacity() >= size ? used.clear() : ByteBuffer.allocateDirect(size);
    }

    void giveBack(final ByteBuffer buffer) {
        free.add(buffer);
    }
}
