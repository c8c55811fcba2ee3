package dev.ninepin.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** A {@link Vio9pModel} in front of a 9P server on a UNIX socket. It keeps one connection for its whole life. */
public final class Vio9pBackend implements AutoCloseable {
    private final SocketChannel socket;
    private final Vio9pModel model = new Vio9pModel(this::send);
    private final BackgroundCall<Void> replies;

    private Vio9pBackend(final SocketChannel socket) {
        this.socket = socket;
        this.replies = BackgroundCall.start("vio9p server", () -> {
            forwardReplies();
            return null;
        });
    }

    public static Vio9pBackend connect(final Path server) throws IOException {
        return new Vio9pBackend(SocketChannel.open(UnixDomainSocketAddress.of(server)));
    }

    public Vio9pModel model() {
        return model;
    }

    private void send(final byte[] request) {
        try {
            ScriptedServer.sendAll(socket, ByteBuffer.wrap(request));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void forwardReplies() throws IOException {
        try {
            while (true) {
                final ByteBuffer size = ScriptedServer.receive(socket, Integer.BYTES);
                final ByteBuffer rest = ScriptedServer.receive(socket, size.getInt(0) - Integer.BYTES);
                model.reply(ByteBuffer.allocate(size.getInt(0))
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .put(size)
                        .put(rest)
                        .array());
            }
        } catch (final AsynchronousCloseException | ScriptedServer.ClientGoneException e) {
            // The end of the connection.
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        replies.close();
    }
}
