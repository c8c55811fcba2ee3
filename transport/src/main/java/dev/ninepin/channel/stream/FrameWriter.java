package dev.ninepin.channel.stream;

import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Tmessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/**
 * A writer of messages to a byte stream, which writes as many as possible with one system call. Used by the sender
 * only.
 */
final class FrameWriter {
    private final WritableByteChannel output;
    private final ByteBuffer pending;

    FrameWriter(final WritableByteChannel output, final int maxMessageSize) {
        this.output = output;
        this.pending = ByteBuffer.allocateDirect(maxMessageSize);
    }

    /**
     * Encodes a message into the buffer. If it does not fit behind the earlier messages, writes these out first.
     *
     * @throws IllegalArgumentException if the message or its reply is too large, or the message cannot be encoded; no
     *     part of it is written
     */
    void write(final int tag, final Tmessage request) throws IOException {
        checkSize("a reply to " + request.messageType().notation(), request.replySize());
        final int size = Frame.sizeOf(request);
        checkSize(request.messageType().notation(), size);
        if (size > pending.remaining()) {
            flush();
        }
        final int start = pending.position();
        try {
            new Frame(tag, request).encode(pending);
        } catch (final RuntimeException e) {
            pending.position(start);
            throw e;
        }
    }

    /** Writes all buffered messages to the stream. Blocks until the server, or a kernel buffer on the way, has room. */
    void flush() throws IOException {
        pending.flip();
        try {
            while (pending.hasRemaining()) {
                output.write(pending);
            }
        } finally {
            pending.compact();
        }
    }

    private void checkSize(final String what, final int size) {
        if (size > pending.capacity()) {
            throw new IllegalArgumentException(
                    what + " of " + size + " bytes exceeds the channel's limit of " + pending.capacity() + " bytes");
        }
    }
}
