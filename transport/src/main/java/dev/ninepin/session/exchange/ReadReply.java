package dev.ninepin.session.exchange;

import dev.ninepin.channel.Received;
import java.nio.ByteBuffer;

/**
 * The data of an Rread, in memory that the channel lends until {@link #close}. Only one thread may use it at a time.
 */
public final class ReadReply implements AutoCloseable {
    private final ByteBuffer data;
    private final Received memory;
    private Runnable afterwards = () -> {};

    public ReadReply(final ByteBuffer data, final Received memory) {
        this.data = data;
        this.memory = memory;
    }

    /** Sets the action to run after the memory is returned. Must be called before another thread sees this object. */
    void onClose(final Runnable action) {
        afterwards = action;
    }

    /** Returns a direct buffer with the data between its position and limit. It is empty at the end of the file. */
    public ByteBuffer data() {
        return data;
    }

    /** Returns the memory to the channel. {@link #data} must not be accessed afterwards. */
    @Override
    public void close() {
        memory.close();
        afterwards.run();
    }
}
