package dev.ninepin.daemon.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One client of the control server: first its request, then the reply. Used by the server's thread only. */
final class ControlConnection {
    /** The maximum length of a request, in bytes. */
    static final int MAX_REQUEST = 4096;

    /** The time that a client has to send its request, and again to receive the reply. */
    static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final Logger LOG = LoggerFactory.getLogger(ControlConnection.class);

    private final SocketChannel channel;
    private final SelectionKey key;
    private final Function<String, CompletableFuture<String>> handler;
    private final ByteBuffer request = ByteBuffer.allocate(MAX_REQUEST);

    /** The pending reply; set when the request is complete. */
    private @Nullable CompletableFuture<String> answer;

    /** The unsent bytes of the reply; set when the reply is ready. */
    private @Nullable ByteBuffer remaining;

    /** The client's deadline, by {@link System#nanoTime}. Ignored while the daemon computes the reply. */
    private long deadline = System.nanoTime() + PATIENCE.toNanos();

    ControlConnection(
            final SocketChannel channel,
            final SelectionKey key,
            final Function<String, CompletableFuture<String>> handler) {
        this.channel = channel;
        this.key = key;
        this.handler = handler;
    }

    long deadline() {
        return deadline;
    }

    /**
     * Reads and writes as much as possible without blocking. Closes the connection when the reply is sent, the client
     * is too slow, or I/O fails.
     */
    void serve() {
        try {
            if (answer == null) {
                readRequest();
            }
            if (answer != null && remaining == null && answer.isDone()) {
                remaining = ByteBuffer.wrap((answer.join() + "\n").getBytes(UTF_8));
                deadline = System.nanoTime() + PATIENCE.toNanos();
                key.interestOps(SelectionKey.OP_WRITE);
            }
            if (remaining != null) {
                channel.write(remaining);
                if (!remaining.hasRemaining()) {
                    close();
                }
            }
            final boolean ours = answer != null && remaining == null;
            if (!ours && System.nanoTime() - deadline > 0) {
                LOG.debug("A client of the control socket took too long");
                close();
            }
        } catch (final IOException | RuntimeException e) {
            LOG.debug("A client of the control socket is dropped", e);
            close();
        }
    }

    void close() {
        key.cancel();
        try {
            channel.close();
        } catch (final IOException e) {
            LOG.debug("A client's socket did not close well", e);
        }
    }

    private void readRequest() throws IOException {
        final int count = channel.read(request);
        final String text = new String(request.array(), 0, request.position(), UTF_8);
        final int end = text.indexOf('\n');
        if (end >= 0) {
            answer = handler.apply(text.substring(0, end));
            // Bytes after the request are ignored. They must not wake the selector again and again.
            key.interestOps(0);
        } else if (count < 0) {
            close();
        } else if (!request.hasRemaining()) {
            throw new IOException("the request is longer than " + MAX_REQUEST + " bytes");
        }
    }
}
