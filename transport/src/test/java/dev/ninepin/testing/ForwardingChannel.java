package dev.ninepin.testing;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelInfo;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.Tmessage;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A channel over another one. Subclasses change what they override. */
public abstract class ForwardingChannel implements Channel {
    private final Channel channel;

    protected ForwardingChannel(final Channel channel) {
        this.channel = channel;
    }

    @Override
    public ChannelInfo info() {
        return channel.info();
    }

    @Override
    public int maxMessageSize() {
        return channel.maxMessageSize();
    }

    @Override
    public int maxRequests() {
        return channel.maxRequests();
    }

    @Override
    public int maxDataRequests() {
        return channel.maxDataRequests();
    }

    @Override
    public boolean carriesData(final Tmessage request) {
        return channel.carriesData(request);
    }

    @Override
    public boolean takesFlush() {
        return channel.takesFlush();
    }

    @Override
    public boolean mayLoseFirstReply() {
        return channel.mayLoseFirstReply();
    }

    @Override
    public boolean mayReachOtherHost() {
        return channel.mayReachOtherHost();
    }

    @Override
    public void limitSending(final long nanos) {
        channel.limitSending(nanos);
    }

    @Override
    public void send(final int tag, final Tmessage request) throws IOException {
        channel.send(tag, request);
    }

    @Override
    public boolean hasRoom(final Tmessage request) {
        return channel.hasRoom(request);
    }

    @Override
    public void flush() throws IOException {
        channel.flush();
    }

    @Override
    public boolean flush(final long nanos) throws IOException {
        return channel.flush(nanos);
    }

    @Override
    public boolean hasTimedReceive() {
        return channel.hasTimedReceive();
    }

    @Override
    public @Nullable Received receiveUntil(final long deadline) throws IOException {
        return channel.receiveUntil(deadline);
    }

    @Override
    public Received receive() throws IOException {
        return channel.receive();
    }

    @Override
    public void close() {
        channel.close();
    }
}
