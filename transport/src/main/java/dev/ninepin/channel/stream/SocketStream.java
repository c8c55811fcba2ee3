package dev.ninepin.channel.stream;

import dev.ninepin.channel.ChannelInfo;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A byte stream over a connected UNIX or TCP socket. */
final class SocketStream implements ByteStream {
    private static final Logger LOG = LoggerFactory.getLogger(SocketStream.class);

    /** The timeout for each address of a host. */
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private final SocketChannel socket;
    private final SocketDirection input;
    private final SocketDirection output;
    private final boolean isTcp;
    private final ChannelInfo info;

    private SocketStream(final SocketChannel socket, final ChannelInfo info) throws IOException {
        this.socket = socket;
        this.isTcp = socket.getRemoteAddress() instanceof InetSocketAddress;
        this.info = info;
        socket.configureBlocking(false);
        this.input = SocketDirection.input(socket);
        this.output = SocketDirection.output(socket);
    }

    /** Wraps a connected socket. Closes the socket on failure. */
    private static SocketStream over(final SocketChannel socket, final ChannelInfo info) throws IOException {
        try {
            return new SocketStream(socket, info);
        } catch (final IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * Connects to a UNIX socket.
     *
     * @throws IOException if the connection fails; its message is meant for the user
     */
    static SocketStream unix(final Path path) throws IOException {
        try {
            final SocketChannel socket = SocketChannel.open(UnixDomainSocketAddress.of(path));
            return over(socket, new ChannelInfo("unix", path.toString(), Map.of()));
        } catch (final IOException | IllegalArgumentException e) {
            throw new IOException("cannot connect to unix:" + path + ": " + whyNot(path, e), e);
        }
    }

    /**
     * Connects over TCP. Tries each address of {@code host} in turn.
     *
     * @throws IOException if no address can be connected to; its message is meant for the user
     */
    static SocketStream tcp(final String host, final int port) throws IOException {
        final String device = (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
        IOException failure = new UnknownHostException(host);
        try {
            for (final InetAddress address : InetAddress.getAllByName(host)) {
                try {
                    final SocketChannel socket = connect(new InetSocketAddress(address, port));
                    final Map<String, String> details = Map.of("address", address.getHostAddress());
                    return over(socket, new ChannelInfo("tcp", device, details));
                } catch (final IOException e) {
                    failure = e;
                }
            }
        } catch (final UnknownHostException e) {
            failure = e;
        }
        throw new IOException("cannot connect to tcp:" + device + ": " + whyNot(failure), failure);
    }

    private static SocketChannel connect(final InetSocketAddress address) throws IOException {
        final SocketChannel socket = SocketChannel.open();
        try {
            socket.socket().connect(address, (int) CONNECT_TIMEOUT.toMillis());
            // Small requests must leave at once; flush() already collects the requests of a batch.
            socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
            // Lets an idle mount notice that the server vanished without closing the connection.
            socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
            return socket;
        } catch (final IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static String whyNot(final IOException e) {
        if (e instanceof UnknownHostException) {
            return "unknown host; check the name, or give an address";
        }
        if (e instanceof SocketTimeoutException) {
            return "no answer within " + CONNECT_TIMEOUT.toSeconds()
                    + " s; check that the host is up, and that no firewall blocks the port";
        }
        if (e instanceof ConnectException) {
            return e.getMessage() + "; check that the server runs and listens on this address and port";
        }
        return String.valueOf(e.getMessage());
    }

    private static String whyNot(final Path path, final Exception e) {
        if (Files.notExists(path)) {
            return "the socket does not exist; check the path, and that the server runs";
        }
        if (!Files.isWritable(path)) {
            return "this user lacks write permission on the socket, which connecting requires";
        }
        if (e instanceof ConnectException) {
            return e.getMessage() + "; no server listens on this socket, so start the server again";
        }
        return String.valueOf(e.getMessage());
    }

    /** Returns true for TCP, because even a local address may be the end of a tunnel, such as one of ssh(1). */
    @Override
    public boolean mayReachOtherHost() {
        return isTcp;
    }

    @Override
    public ChannelInfo info() {
        return info;
    }

    @Override
    public ReadableByteChannel input() {
        return input;
    }

    @Override
    public boolean hasTimedRead() {
        return true;
    }

    @Override
    public int readUntil(final ByteBuffer target, final long deadline) throws IOException {
        return input.readUntil(target, deadline);
    }

    @Override
    public void limitWriting(final long nanos) {
        output.limit(nanos);
    }

    @Override
    public WritableByteChannel output() {
        return output;
    }

    @Override
    public int writeUntil(final ByteBuffer source, final long deadline) throws IOException {
        return output.writeUntil(source, deadline);
    }

    @Override
    public String lastWords() {
        return "";
    }

    @Override
    public void close() {
        try {
            socket.close();
            input.close();
            output.close();
        } catch (final IOException e) {
            LOG.debug("Closing {} failed; it is gone all the same", info.device(), e);
        }
    }
}
