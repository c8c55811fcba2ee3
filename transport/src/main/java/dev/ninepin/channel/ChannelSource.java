package dev.ninepin.channel;

import java.io.IOException;

/** A source of channels to one server. Each channel is opened after the previous one was closed. Any thread. */
@FunctionalInterface
public interface ChannelSource {
    /**
     * Opens a channel to the server. The caller closes the channel. An interrupt ends the attempt early.
     *
     * @throws IOException if the server cannot be reached; the message is meant for the user
     */
    Channel open() throws IOException;
}
