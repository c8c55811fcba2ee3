package dev.ninepin.testing;

import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Message;
import dev.ninepin.p9.ProtocolException;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rattach;
import dev.ninepin.p9.Rclunk;
import dev.ninepin.p9.Rversion;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Tversion;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/**
 * A server on a UNIX socket that runs a script on its single client connection. It produces faults that real servers do
 * not produce on demand. The connection ends with the script. {@link #close} waits for the script, and fails if the
 * script failed.
 */
public final class ScriptedServer implements AutoCloseable {
    private final Path directory;
    private final ServerSocketChannel listening;
    private final BackgroundCall<Void> playing;

    /** A script that runs on the connection of a client. */
    @FunctionalInterface
    public interface Script {
        void play(SocketChannel client) throws Exception;
    }

    private ScriptedServer(final Script script) throws IOException {
        this.directory = Files.createTempDirectory(Path.of("/tmp"), "ninepin-script");
        this.listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listening.bind(UnixDomainSocketAddress.of(socket()));
        this.playing = BackgroundCall.start("scripted server", () -> {
            try (SocketChannel client = listening.accept()) {
                script.play(client);
            }
            return null;
        });
    }

    /** Starts a server, which listens when this method returns. */
    public static ScriptedServer start(final Script script) throws IOException {
        return new ScriptedServer(script);
    }

    /** Starts a server that sends {@code bytes} and closes the connection. */
    public static ScriptedServer saying(final ByteBuffer bytes) throws IOException {
        return start(client -> sendAll(client, bytes));
    }

    public Path socket() {
        return directory.resolve("socket");
    }

    /** Returns an encoded message. */
    public static ByteBuffer frame(final int tag, final Message message) {
        final ByteBuffer bytes = ByteBuffer.allocate(Frame.sizeOf(message)).order(ByteOrder.LITTLE_ENDIAN);
        new Frame(tag, message).encode(bytes);
        return bytes.flip();
    }

    public static void sendAll(final SocketChannel client, final ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            client.write(bytes);
        }
    }

    /** Reads the next {@code count} bytes from the client. */
    public static ByteBuffer receive(final SocketChannel client, final int count) throws IOException {
        final ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            if (client.read(bytes) < 0) {
                throw new ClientGoneException();
            }
        }
        return bytes.flip();
    }

    /** Reads the next message from the client. */
    public static Frame receiveFrame(final SocketChannel client) throws IOException, ProtocolException {
        final ByteBuffer size = receive(client, Integer.BYTES);
        final ByteBuffer rest = receive(client, size.getInt(0) - Integer.BYTES);
        return Frame.decode(ByteBuffer.allocate(size.getInt(0))
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(size)
                .put(rest)
                .flip());
    }

    /** Accepts a client: answers its Tversion and its Tattach, with file 1 as the root. */
    public static void welcome(final SocketChannel client) throws IOException, ProtocolException {
        final Tversion version = (Tversion) receiveFrame(client).message();
        sendAll(client, frame(Frame.NOTAG, new Rversion(version.msize(), version.version())));
        final Frame attach = receiveFrame(client);
        sendAll(client, frame(attach.tag(), new Rattach(new Qid(Qid.DIR, 0, 1))));
    }

    /**
     * Serves the end of a session: answers Tclunk and Tversion, and no other request, until the client closes the
     * connection.
     */
    public static void attend(final SocketChannel client) throws IOException, ProtocolException {
        while (true) {
            final Frame request;
            try {
                request = receiveFrame(client);
            } catch (final ClientGoneException e) {
                return;
            }
            if (request.message() instanceof Tclunk) {
                sendAll(client, frame(request.tag(), new Rclunk()));
            } else if (request.message() instanceof Tversion version) {
                sendAll(client, frame(request.tag(), new Rversion(version.msize(), version.version())));
            }
        }
    }

    /** The client has closed the connection, which some scripts wait for. */
    public static final class ClientGoneException extends IOException {
        private static final long serialVersionUID = 1L;

        ClientGoneException() {
            super("the client has gone");
        }
    }

    /** Blocks until the client closes the connection, and discards the bytes that it still sends. */
    public static void awaitEnd(final SocketChannel client) throws IOException {
        final ByteBuffer anything = ByteBuffer.allocate(1 << 16);
        while (client.read(anything.clear()) >= 0) {
            // Reads until the end of the connection.
        }
    }

    @Override
    public void close() throws IOException {
        try {
            playing.close();
            playing.result();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while the script ended", e);
        } catch (final ExecutionException | TimeoutException e) {
            throw new AssertionError("the script failed", e);
        } finally {
            listening.close();
            Files.delete(socket());
            Files.delete(directory);
        }
    }
}
