package dev.ninepin.testing;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelClosedException;
import dev.ninepin.channel.ChannelInfo;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Message;
import dev.ninepin.p9.ProtocolException;
import dev.ninepin.p9.Tmessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A channel with a server inside. The sending thread answers each request at once with the bytes that the server
 * returns. Like a stream, the channel delivers any bytes with a correct size field, and breaks on others.
 */
public final class AnsweringChannel implements Channel {
    private static final int LARGEST = 1 << 20;
    private static final ByteBuffer END = ByteBuffer.allocate(0);

    private final Server server;
    private final BlockingQueue<ByteBuffer> replies = new LinkedBlockingQueue<>();
    private final AtomicBoolean closed = new AtomicBoolean();

    /** The server inside the channel. It handles one request at a time. */
    @FunctionalInterface
    public interface Server {
        /** Returns the bytes to send back, one buffer per frame: none, one or several, valid or not. */
        List<ByteBuffer> answer(int tag, Tmessage request);
    }

    public AnsweringChannel(final Server server) {
        this.server = server;
    }

    /** Returns the encoded message for {@link Server#answer}. */
    public static ByteBuffer bytes(final int tag, final Message message) {
        final ByteBuffer bytes =
                ByteBuffer.allocateDirect(Frame.sizeOf(message)).order(ByteOrder.LITTLE_ENDIAN);
        new Frame(tag, message).encode(bytes);
        return bytes.flip();
    }

    @Override
    public ChannelInfo info() {
        return new ChannelInfo("answering", "a server of a test", Map.of());
    }

    @Override
    public int maxMessageSize() {
        return LARGEST;
    }

    @Override
    public int maxRequests() {
        return 128;
    }

    @Override
    public void send(final int tag, final Tmessage request) throws IOException {
        if (closed.get()) {
            throw new ChannelClosedException();
        }
        try {
            // Encode and decode the request, because its data belongs to the sender again afterwards.
            final Frame frame = Frame.decode(bytes(tag, request));
            replies.addAll(server.answer(tag, (Tmessage) frame.message()));
        } catch (final ProtocolException e) {
            throw new AssertionError("a request that is none: " + request, e);
        }
    }

    @Override
    public void flush() throws IOException {
        if (closed.get()) {
            throw new ChannelClosedException();
        }
    }

    @Override
    public Received receive() throws IOException {
        final ByteBuffer reply;
        try {
            reply = replies.take();
        } catch (final InterruptedException e) {
            throw new AssertionError("nobody interrupts the reply reader", e);
        }
        if (!reply.hasRemaining()) {
            replies.add(END);
            throw new ChannelClosedException();
        }
        if (reply.remaining() < Frame.HEADER_SIZE || Frame.peekSize(reply) != reply.remaining()) {
            throw new IOException("a message of " + reply.remaining() + " bytes that is none");
        }
        // The garbage collector frees the memory.
        return new Received(Frame.peekTag(reply.order(ByteOrder.LITTLE_ENDIAN)), reply, () -> {});
    }

    @Override
    public void close() {
        if (!closed.getAndSet(true)) {
            replies.add(END);
        }
    }
}
