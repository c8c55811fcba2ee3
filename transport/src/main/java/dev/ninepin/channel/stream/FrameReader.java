package dev.ninepin.channel.stream;

import dev.ninepin.channel.BufferPool;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.Frame;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;

/**
 * A reader that splits a byte stream into messages. It validates a message's size before it allocates memory. Used by
 * the reply reader only.
 *
 * <p>It reads up to 4096 bytes ahead. So a small reply costs at most one system call, and only the beginning of a large
 * reply is copied.
 */
final class FrameReader {
    private static final int AHEAD = 4096;

    private final ReadableByteChannel input;
    private final BufferPool pool;

    /** The bytes read but not yet part of a message, from position to limit. */
    private final ByteBuffer ahead =
            ByteBuffer.allocateDirect(AHEAD).order(ByteOrder.LITTLE_ENDIAN).limit(0);

    FrameReader(final ReadableByteChannel input, final BufferPool pool) {
        this.input = input;
        this.pool = pool;
    }

    /**
     * Blocks until the next message has arrived.
     *
     * @throws EOFException if the stream ends, between messages or inside a message
     * @throws IOException if the bytes cannot be a message
     */
    Received read() throws IOException {
        readAhead(Integer.BYTES);
        final long size = Frame.peekSize(ahead);
        if (size < Frame.HEADER_SIZE || size > pool.largest()) {
            throw new IOException("the server sent a message with an invalid size of " + size + " bytes (valid: "
                    + Frame.HEADER_SIZE + " to " + pool.largest() + "); it is not a 9P2000.L server, or it is faulty");
        }
        final ByteBuffer message = pool.take((int) size);
        try {
            fill(message);
        } catch (final IOException | RuntimeException e) {
            pool.giveBack(message);
            throw e;
        }
        return new Received(Frame.peekTag(message), message, () -> pool.giveBack(message));
    }

    private void readAhead(final int wanted) throws IOException {
        while (ahead.remaining() < wanted) {
            ahead.compact();
            final int count = input.read(ahead);
            ahead.flip();
            checkEnd(count, ahead.hasRemaining());
        }
    }

    private void fill(final ByteBuffer message) throws IOException {
        final int part = Math.min(ahead.remaining(), message.remaining());
        message.put(ahead.slice(ahead.position(), part));
        ahead.position(ahead.position() + part);
        while (message.hasRemaining()) {
            checkEnd(input.read(message), true);
        }
        message.flip();
    }

    private static void checkEnd(final int count, final boolean inside) throws EOFException {
        if (count < 0) {
            throw new EOFException("the server closed the connection" + (inside ? " in the middle of a message" : ""));
        }
    }
}
