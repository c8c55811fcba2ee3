package dev.ninepin.testing;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.MessageType;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A channel of a server whose Rlopen announces an iounit smaller than a message. */
public final class SmallIounit extends ForwardingChannel {
    /** The offset of the iounit in an Rlopen, behind a qid of 13 bytes. */
    private static final int OFFSET = Frame.HEADER_SIZE + 13;

    private static final int TYPE_OFFSET = Integer.BYTES;

    private final int iounit;

    public SmallIounit(final Channel channel, final int iounit) {
        super(channel);
        this.iounit = iounit;
    }

    @Override
    public Received receive() throws IOException {
        return changed(super.receive());
    }

    @Override
    public @Nullable Received receiveUntil(final long deadline) throws IOException {
        final Received received = super.receiveUntil(deadline);
        return received == null ? null : changed(received);
    }

    private Received changed(final Received received) {
        final ByteBuffer message = received.message();
        if (message.hasRemaining() && message.get(message.position() + TYPE_OFFSET) == MessageType.RLOPEN.code()) {
            message.putInt(message.position() + OFFSET, iounit);
        }
        return received;
    }
}
