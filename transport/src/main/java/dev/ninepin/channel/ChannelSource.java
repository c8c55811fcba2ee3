package dev.ninepin.channel;

import java.io.IOException;

/** A way to reach one server, as often as needed: each channel is opened after the one before was closed. Any thread. */
@FunctionalInterface
public interface ChannelSource {
    /**
     * Opens a channel to the server, which the caller closes. An interrupt ends the attempt early.
     *
     * @throws IOException if the server cannot be reached now; its message is meant for the user
     */
    Channel open() throws IOException;
}
