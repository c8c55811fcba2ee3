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

    /** Returns whether {@link #write} takes a message of {@code size} bytes without writing out the earlier ones. */
    boolean hasRoom(final int size) {
        return size <= pending.remaining();
    }

    /** A way to write bytes to the stream. */
    @FunctionalInterface
    interface Target {
        /** Writes some bytes, and returns how many: 0 if the stream takes none for now. */
        int write(ByteBuffer source) throws IOException;
    }

    /** Writes all buffered messages to the stream. Blocks until the server, or a kernel buffer on the way, has room. */
    void flush() throws IOException {
        final boolean unused = flush(output::write);
    }

    /** Writes the buffered messages to {@code target}, until it takes no bytes. Returns whether it has taken all. */
    boolean flush(final Target target) throws IOException {
        pending.flip();
        try {
            while (pending.hasRemaining()) {
                if (target.write(pending) == 0) {
                    return false;
                }
            }
            return true;
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
