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
 * A server on a UNIX socket that does to its one client what a script says: for faults that no real server produces on
 * demand. The connection ends with the script. Close waits for the script, and fails with it.
 */
public final class ScriptedServer implements AutoCloseable {
    private final Path directory;
    private final ServerSocketChannel listening;
    private final BackgroundCall<Void> playing;

    /** What happens to a client. */
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

    /** Listens already when this returns. */
    public static ScriptedServer start(final Script script) throws IOException {
        return new ScriptedServer(script);
    }

    /** A server that sends {@code bytes} and closes the connection. */
    public static ScriptedServer saying(final ByteBuffer bytes) throws IOException {
        return start(client -> sendAll(client, bytes));
    }

    public Path socket() {
        return directory.resolve("socket");
    }

    /** The bytes of a message. */
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

    /** Takes the next {@code count} bytes that the client sends. */
    public static ByteBuffer receive(final SocketChannel client, final int count) throws IOException {
        final ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            if (client.read(bytes) < 0) {
                throw new ClientGoneException();
            }
        }
        return bytes.flip();
    }

    /** Takes the next message that the client sends. */
    public static Frame receiveFrame(final SocketChannel client) throws IOException, ProtocolException {
        final ByteBuffer size = receive(client, Integer.BYTES);
        final ByteBuffer rest = receive(client, size.getInt(0) - Integer.BYTES);
        return Frame.decode(ByteBuffer.allocate(size.getInt(0))
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(size)
                .put(rest)
                .flip());
    }

    /** Agrees to what a client says first: its Tversion, and its Tattach, whose root is the file 1. */
    public static void welcome(final SocketChannel client) throws IOException, ProtocolException {
        final Tversion version = (Tversion) receiveFrame(client).message();
        sendAll(client, frame(Frame.NOTAG, new Rversion(version.msize(), version.version())));
        final Frame attach = receiveFrame(client);
        sendAll(client, frame(attach.tag(), new Rattach(new Qid(Qid.DIR, 0, 1))));
    }

    /** Lets the client take its leave: answers Tclunk and Tversion, and nothing else, until it closes the connection. */
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

    /** The client has closed the connection, which a script may have awaited. */
    public static final class ClientGoneException extends IOException {
        private static final long serialVersionUID = 1L;

        ClientGoneException() {
            super("the client has gone");
        }
    }

    /** Waits until the client closes the connection; what it still sends is thrown away. */
    public static void awaitEnd(final SocketChannel client) throws IOException {
        final ByteBuffer anything = ByteBuffer.allocate(1 << 16);
        while (client.read(anything.clear()) >= 0) {
            // Until the end.
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
