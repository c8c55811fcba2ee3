package dev.ninepin.testing;

import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Message;
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
                throw new IOException("the client has gone");
            }
        }
        return bytes.flip();
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
