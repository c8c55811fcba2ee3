package dev.ninepin.share.file;

import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A pool of direct buffers: for reads that need more than one reply, and for copies of unanswered writes. Any thread
 * may call any method.
 */
final class DataBuffers {
    private final ConcurrentLinkedQueue<ByteBuffer> free = new ConcurrentLinkedQueue<>();

    /** Returns an empty buffer of at least {@code size} bytes. */
    ByteBuffer take(final int size) {
        final ByteBuffer used = free.poll();
        // A buffer that is too small is left to the garbage collector: the kernel's requests have only a few different
        // sizes.
        return used != null && used.capacity() >= size ? used.clear() : ByteBuffer.allocateDirect(size);
    }

    /** Returns a buffer to the pool. */
    void giveBack(final ByteBuffer buffer) {
        free.add(buffer);
    }
}
