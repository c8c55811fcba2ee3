package dev.ninepin.daemon.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ninepin.daemon.host.RuntimeDirectory;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A client of the control socket, through which commands talk to the daemon of a mount. */
final class ControlClient {
    /** The maximum size of a reply, in bytes. The status of a mount takes about 10 KiB. */
    private static final int MAX_REPLY = 1 << 20;

    /**
     * Sends {@code request} to a socket in {@code directory} and blocks until the reply is complete.
     *
     * @param patience the time limit for the whole exchange
     * @throws java.net.ConnectException if no process listens on the socket
     * @throws java.net.SocketException if the socket does not exist, or this user may not open it
     * @throws EOFException if the daemon ends before it has replied
     * @throws IOException if other users have access to the directory, or the daemon does not reply in time
     */
    static ControlMessages.Reply ask(
            final RuntimeDirectory directory,
            final Path socket,
            final ControlMessages.Request request,
            final Duration patience)
            throws IOException {
        if (!directory.exists()) {
            throw new SocketException("there is no " + directory.path());
        }
        // Before the connection is made: under emulation, loading the encoder's classes takes seconds.
        final ByteBuffer out = ByteBuffer.wrap((ControlMessages.gson().toJson(request) + "\n").getBytes(UTF_8));
        final long deadline = System.nanoTime() + patience.toNanos();
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
                Selector selector = Selector.open()) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            channel.configureBlocking(false);
            final SelectionKey key = channel.register(selector, SelectionKey.OP_WRITE);
            while (out.hasRemaining()) {
                await(selector, deadline, patience);
                write(channel, out);
            }
            key.interestOps(SelectionKey.OP_READ);
            final ByteArrayOutputStream reply = new ByteArrayOutputStream();
            final ByteBuffer in = ByteBuffer.allocate(8192);
            while (true) {
                await(selector, deadline, patience);
                final int count = read(channel, in.clear());
                reply.write(in.array(), 0, count);
                if (count > 0 && in.get(count - 1) == '\n') {
                    return ControlMessages.read(reply.toString(UTF_8), ControlMessages.Reply.class);
                }
                if (reply.size() > MAX_REPLY) {
                    throw new IOException("the daemon's reply is longer than " + MAX_REPLY + " bytes");
                }
            }
        }
    }

    private static void write(final SocketChannel channel, final ByteBuffer out) throws EOFException {
        try {
            channel.write(out);
        } catch (final IOException e) {
            throw ended(e);
        }
    }

    private static int read(final SocketChannel channel, final ByteBuffer in) throws EOFException {
        final int count;
        try {
            count = channel.read(in);
        } catch (final IOException e) {
            throw ended(e);
        }
        if (count < 0) {
            throw ended(null);
        }
        return count;
    }

    /**
     * Creates the exception for a daemon that ended. An ending daemon also resets connections that it has not accepted.
     */
    private static EOFException ended(final @Nullable IOException cause) {
        final EOFException ended = new EOFException("the daemon ended before it had answered");
        if (cause != null) {
            ended.initCause(cause);
        }
        return ended;
    }

    private static void await(final Selector selector, final long deadline, final Duration patience)
            throws IOException {
        final long millis = (deadline - System.nanoTime()) / 1_000_000;
        if (millis <= 0 || selector.select(millis) == 0) {
            final BigDecimal limit = BigDecimal.valueOf(patience.toMillis(), 3);
            final String seconds = limit.stripTrailingZeros().toPlainString();
            throw new IOException("no reply from the daemon within " + seconds + " s");
        }
        selector.selectedKeys().clear();
    }

    private ControlClient() {}
}
