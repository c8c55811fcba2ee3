package dev.ninepin.channel;

import java.io.IOException;

/** The failure of a channel that this side has closed. */
public final class ChannelClosedException extends IOException {
    private static final long serialVersionUID = 1L;

    public ChannelClosedException() {
        super("the channel is closed");
    }
}
