package dev.ninepin.channel;

import java.nio.ByteBuffer;

/**
 * The end of one request: its reply, in memory that the channel lends until {@link #close}. The reply reader hands it
 * to the waiting thread. Only one thread may use it at a time.
 */
public interface Received extends AutoCloseable {
    /**
     * Returns the tag of the request that has ended. A virtqueue knows which request a buffer was posted with. Such a
     * channel returns this request's tag, and the tag inside the message may differ.
     */
    int tag();

    /**
     * Returns the reply, from position to limit: a direct, little-endian buffer with exactly one message by its size
     * field. Empty if the server ended the request without a reply, as QEMU does with a flushed request.
     */
    ByteBuffer message();

    /**
     * Returns the memory to the channel. {@link #message} must not be accessed afterwards. Does nothing if already
     * closed. Any thread.
     */
    @Override
    void close();
}
