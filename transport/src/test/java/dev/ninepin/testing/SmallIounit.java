package dev.ninepin.testing;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelInfo;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.MessageType;
import dev.ninepin.p9.Tmessage;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A channel of a server whose Rlopen announces an iounit smaller than a message. */
public final class SmallIounit implements Channel {
    /** The offset of the iounit in an Rlopen, behind a qid of 13 bytes. */
    private static final int OFFSET = Frame.HEADER_SIZE + 13;

    private static final int TYPE_OFFSET = Integer.BYTES;

    private final Channel channel;
    private final int iounit;

    public SmallIounit(final Channel channel, final int iounit) {
        this.channel = channel;
        this.iounit = iounit;
    }

    @Override
    public Received receive() throws IOException {
        final Received received = channel.receive();
        final ByteBuffer message = received.message();
        if (message.hasRemaining() && message.get(message.position() + TYPE_OFFSET) == MessageType.RLOPEN.code()) {
            message.putInt(message.position() + OFFSET, iounit);
        }
        return received;
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
    public void send(final int tag, final Tmessage request) throws IOException {
        channel.send(tag, request);
    }

    @Override
    public void flush() throws IOException {
        channel.flush();
    }

    @Override
    public void close() {
        channel.close();
    }
}
