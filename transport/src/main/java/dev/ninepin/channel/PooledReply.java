package dev.ninepin.channel;

import dev.ninepin.p9.Frame;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;

/** A reply in a buffer of a {@link BufferPool}. */
public final class PooledReply implements Received {
    private final BufferPool pool;
    private final ByteBuffer message;
    private final int tag;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Creates a reply with the tag that the message itself contains. */
    public PooledReply(final BufferPool pool, final ByteBuffer message) {
        this(pool, message, Frame.peekTag(message));
    }

    public PooledReply(final BufferPool pool, final ByteBuffer message, final int tag) {
        this.pool = pool;
        this.message = message;
        this.tag = tag;
    }

    @Override
    public int tag() {
        return tag;
    }

    @Override
    public ByteBuffer message() {
        return message;
    }

    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            pool.giveBack(message);
        }
    }
}
