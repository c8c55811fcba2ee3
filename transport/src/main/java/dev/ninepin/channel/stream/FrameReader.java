package dev.ninepin.channel.stream;

import dev.ninepin.channel.BufferPool;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.Frame;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A reader that splits a byte stream into messages. It validates a message's size before it allocates memory. Used by
 * one receiver at a time.
 *
 * <p>It reads up to 4096 bytes ahead. So one system call reads several small replies, and only the beginning of a large
 * reply is copied. It keeps the part of a message that has arrived, so another receiver may read the rest.
 */
final class FrameReader {
    private static final int AHEAD = 4096;

    private final BufferPool pool;

    /** The bytes read but not yet part of a message, from position to limit. */
    private final ByteBuffer ahead =
            ByteBuffer.allocateDirect(AHEAD).order(ByteOrder.LITTLE_ENDIAN).limit(0);

    /** The message that is being read, filled up to its position; null between messages. */
    private @Nullable ByteBuffer partial;

    /** The beginning of a stream's unread bytes. */
    @FunctionalInterface
    interface Source {
        /** Reads into {@code target}. Returns the number of bytes, 0 if the wait was given up, -1 at the end. */
        int read(ByteBuffer target) throws IOException;
    }

    FrameReader(final BufferPool pool) {
        this.pool = pool;
    }

    /**
     * Reads until a message is complete. Returns null if {@code source} gives up before that.
     *
     * @throws EOFException if the stream ends, between messages or inside a message
     * @throws IOException if the bytes cannot be a message
     */
    @Nullable
    Received read(final Source source) throws IOException {
        while (true) {
            if (partial == null && ahead.remaining() >= Integer.BYTES) {
                partial = begin();
            }
            final ByteBuffer message = partial;
            if (message != null && !message.hasRemaining()) {
                partial = null;
                message.flip();
                return new Received(Frame.peekTag(message), message, () -> pool.giveBack(message));
            }
            final int count = message == null ? readAhead(source) : source.read(message);
            if (count < 0) {
                final boolean inside = message != null || ahead.hasRemaining();
                throw new EOFException(
                        "the server closed the connection" + (inside ? " in the middle of a message" : ""));
            }
            if (count == 0) {
                return null;
            }
        }
    }

    /** Takes memory for the next message, and moves into it what was read ahead. */
    private ByteBuffer begin() throws IOException {
        final long size = Frame.peekSize(ahead);
        if (size < Frame.HEADER_SIZE || size > pool.largest()) {
            throw new IOException("the server sent a message with an invalid size of " + size + " bytes (valid: "
                    + Frame.HEADER_SIZE + " to " + pool.largest() + "); it is not a 9P2000.L server, or it is faulty");
        }
        final ByteBuffer message = pool.take((int) size);
        final int part = Math.min(ahead.remaining(), message.remaining());
        message.put(0, ahead, ahead.position(), part).position(part);
        ahead.position(ahead.position() + part);
        return message;
    }

    private int readAhead(final Source source) throws IOException {
        ahead.compact();
        try {
            return source.read(ahead);
        } finally {
            ahead.flip();
        }
    }
}
