package dev.ninepin.channel;

import java.nio.ByteBuffer;

/**
 * The end of one request: its reply, in memory that the channel lends until {@link #close}. Handed from the reply
 * reader to whoever waits; one thread at a time.
 */
public interface Received extends AutoCloseable {
    /**
     * The tag of the request that has ended. A channel that knows better than the reply (a virtqueue knows which
     * request a buffer was posted with) says what it knows; the message's own tag may then differ, and lie.
     */
    int tag();

    /**
     * The reply, from position to limit: a direct buffer, little-endian, exactly one message by its size field.
     * Empty if the server ended the request without a reply, as QEMU does with a request that was flushed.
     */
    ByteBuffer message();

    /** Gives the memory back. {@link #message} must not be touched afterwards. Closing again does nothing. */
    @Override
    void close();
}
