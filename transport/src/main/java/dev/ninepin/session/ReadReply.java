package dev.ninepin.session;

import dev.ninepin.channel.Received;
import java.nio.ByteBuffer;

/** What a Tread brought, in the channel's own memory, lent until {@link #close}. One thread at a time. */
public final class ReadReply implements AutoCloseable {
    private final ByteBuffer data;
    private final Received memory;
    private Runnable afterwards = () -> {};

    ReadReply(final ByteBuffer data, final Received memory) {
        this.data = data;
        this.memory = memory;
    }

    /** Has {@code action} run once the memory is back; set before anyone else sees this. */
    void onClose(final Runnable action) {
        afterwards = action;
    }

    /** The bytes, from position to limit: a direct buffer. None at the end of the file. */
    public ByteBuffer data() {
        return data;
    }

    /** Gives the memory back to the channel; {@link #data} must not be touched afterwards. */
    @Override
    public void close() {
        memory.close();
        afterwards.run();
    }
}
