package dev.ninepin.channel;

import java.io.IOException;

/** The channel was closed on our side. */
public final class ChannelClosedException extends IOException {
    private static final long serialVersionUID = 1L;

    public ChannelClosedException() {
        super("the channel is closed");
    }
}
