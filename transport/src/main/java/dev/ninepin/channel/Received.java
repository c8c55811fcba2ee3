package dev.ninepin.channel;

import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The end of one request: its reply, in memory that the channel lends until {@link #close}. The reply reader hands it
 * to the waiting thread. Only one thread may use it at a time.
 */
public final class Received implements AutoCloseable {
    private final int tag;
    private final ByteBuffer message;
    private final Runnable giveBack;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** @param giveBack returns the memory to the channel; called once, in any thread */
    public Received(final int tag, final ByteBuffer message, final Runnable giveBack) {
        this.tag = tag;
        this.message = message;
        this.giveBack = giveBack;
    }

    /**
     * Returns the tag of the request that has ended. A virtqueue knows which request a buffer was posted with. Such a
     * channel returns this request's tag, and the tag inside the message may differ.
     */
    public int tag() {
        return tag;
    }

    /**
     * Returns the reply, from position to limit: a direct, little-endian buffer with exactly one message by its size
     * field. Empty if the server ended the request without a reply, as QEMU does with a flushed request.
     */
    public ByteBuffer message() {
        return message;
    }

    /**
     * Returns the memory to the channel. {@link #message} must not be accessed afterwards. Does nothing if already
     * closed. Any thread.
     */
    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            giveBack.run();
        }
    }
}
