package dev.ninepin.testing;

import dev.ninepin.channel.Channel;
import dev.ninepin.p9.ByteString;
import java.io.IOException;

/**
 * A 9P server of another project that exports one directory, independent of how it is reached. Closing it ends its
 * process. Used by one thread at a time.
 */
public interface RealServer extends AutoCloseable {
    /** Returns the kind of the server, which says how it behaves. */
    ServerKind kind();

    /** Opens a new channel to the server, for messages of up to {@code maxMessageSize} bytes. */
    Channel connect(int maxMessageSize) throws IOException;

    /** Returns the aname to attach to. */
    ByteString aname();

    /** Returns the process that serves the channels. */
    ProcessHandle process();

    /** Kills the server as {@code kill -9} does, and blocks until it has exited. */
    void kill();

    /** Returns whether the server's process has ended, so that {@link #restart} must start it. */
    default boolean hasEnded() {
        return false;
    }

    /**
     * Starts the server again after {@link #kill}, at the same address. Does nothing for a server that starts with its
     * channel.
     */
    default void restart() throws IOException {}

    @Override
    void close();
}
