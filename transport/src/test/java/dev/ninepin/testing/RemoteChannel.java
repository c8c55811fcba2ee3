package dev.ninepin.testing;

import dev.ninepin.channel.Channel;

/** A channel whose server may run on another host. */
public final class RemoteChannel extends ForwardingChannel {
    public RemoteChannel(final Channel channel) {
        super(channel);
    }

    @Override
    public boolean mayReachOtherHost() {
        return true;
    }
}
