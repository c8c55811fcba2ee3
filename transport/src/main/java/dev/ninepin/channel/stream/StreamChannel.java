package dev.ninepin.channel.stream;

import dev.ninepin.channel.BufferPool;
import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelEnd;
import dev.ninepin.channel.ChannelInfo;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Tmessage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A channel over a byte stream. Messages follow one another, each led by its size.
 *
 * <p>The sender and the receiver share only two flags. So a server that stops reading blocks the sender only, and
 * replies still arrive.
 */
public final class StreamChannel implements Channel {
    /** The TCP port of 9P. Source: IANA, service {@code 9pfs}. */
    public static final int DEFAULT_PORT = 564;

    /**
     * The largest message, in bytes: the maximum of Linux's client over its streams ({@code net/9p/trans_fd.c},
     * MAXSIZE).
     */
    private static final int MAX_MESSAGE_SIZE = 1 << 20;

    /** A stream has no natural limit; this is the depth of QEMU's virtio-9p queue. */
    private static final int MAX_REQUESTS = 128;

    private final ByteStream stream;
    private final FrameWriter writer;
    private final FrameReader reader;
    private final ChannelEnd end;

    StreamChannel(final ByteStream stream) {
        this.stream = stream;
        this.end = new ChannelEnd(stream.info().kind() + ":" + stream.info().device());
        this.writer = new FrameWriter(stream.output(), MAX_MESSAGE_SIZE);
        this.reader = new FrameReader(new BufferPool(MAX_MESSAGE_SIZE, MAX_REQUESTS));
    }

    /**
     * Connects to a server that listens on a UNIX socket.
     *
     * @throws IOException if the connection fails; its message is meant for the user
     */
    public static StreamChannel unix(final Path socket) throws IOException {
        return new StreamChannel(SocketStream.unix(socket));
    }

    /**
     * Connects to a server over TCP. Tries each address of {@code host} in turn, up to 10 seconds for each.
     *
     * @param port the port, 1 to 65535; {@link #DEFAULT_PORT} if the user gave none
     * @throws IOException if no address can be connected to; its message is meant for the user
     */
    public static StreamChannel tcp(final String host, final int port) throws IOException {
        return new StreamChannel(SocketStream.tcp(host, port));
    }

    /**
     * Connects to a server over vsock, which links a machine with its guests.
     *
     * @param cid the context ID of the server's machine, 32 bits: 2 is the host, 1 is this machine
     * @param port the vsock port, 32 bits
     * @throws IOException if the connection fails; its message is meant for the user
     */
    public static StreamChannel vsock(final long cid, final long port) throws IOException {
        return new StreamChannel(VsockStream.connect(cid, port));
    }

    /**
     * Starts a command that speaks 9P on its standard input and output. The command is ended with the channel. If this
     * process dies, the command reads the end of its input.
     *
     * @param command the program and its arguments, not passed through a shell
     * @throws IOException if the command cannot be started; its message is meant for the user
     */
    public static StreamChannel exec(final List<String> command) throws IOException {
        return new StreamChannel(CommandStream.start(command));
    }

    @Override
    public ChannelInfo info() {
        return stream.info();
    }

    @Override
    public int maxMessageSize() {
        return MAX_MESSAGE_SIZE;
    }

    @Override
    public int maxRequests() {
        return MAX_REQUESTS;
    }

    @Override
    public boolean mayReachOtherHost() {
        return stream.mayReachOtherHost();
    }

    @Override
    public void limitSending(final long nanos) {
        stream.limitWriting(nanos);
    }

    @Override
    public void send(final int tag, final Tmessage request) throws IOException {
        end.check();
        try {
            writer.write(tag, request);
        } catch (final IOException e) {
            throw failWith(e);
        }
    }

    @Override
    public boolean hasRoom(final Tmessage request) {
        return writer.hasRoom(Frame.sizeOf(request));
    }

    @Override
    public void flush() throws IOException {
        end.check();
        try {
            writer.flush();
        } catch (final IOException e) {
            throw failWith(e);
        }
    }

    @Override
    public boolean flush(final long nanos) throws IOException {
        end.check();
        final long deadline = System.nanoTime() + nanos;
        try {
            return writer.flush(source -> stream.writeUntil(source, deadline));
        } catch (final IOException e) {
            throw failWith(e);
        }
    }

    @Override
    public Received receive() throws IOException {
        while (true) {
            final Received received = receive(stream.input()::read);
            if (received != null) {
                return received;
            }
        }
    }

    @Override
    public boolean hasTimedReceive() {
        return stream.hasTimedRead();
    }

    @Override
    public @Nullable Received receiveUntil(final long deadline) throws IOException {
        return receive(target -> stream.readUntil(target, deadline));
    }

    private @Nullable Received receive(final FrameReader.Source source) throws IOException {
        end.check();
        try {
            return reader.read(source);
        } catch (final IOException e) {
            throw failWith(e);
        }
    }

    @Override
    public void close() {
        if (end.close()) {
            stream.close();
        }
    }

    private IOException failWith(final IOException cause) {
        if (!end.isReached()) {
            end.fail(new IOException(cause.getMessage() + stream.lastWords(), cause));
        }
        return end.reason();
    }
}
