package dev.ninepin.channel.stream;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that each connection failure says what was tried, why it failed and what to do. */
class ConnectFailureTest {
    @TempDir
    private Path directory;

    @Test
    void aSocketThatIsNotThere() {
        final Path socket = directory.resolve("absent");

        assertThatThrownBy(() -> StreamChannel.unix(socket))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("unix:" + socket)
                .hasMessageContaining("the socket does not exist");
    }

    @Test
    void aSocketThatNobodyListensOn() throws IOException {
        final Path socket =
                Files.createTempDirectory(Path.of("/tmp"), "ninepin-stale").resolve("socket");
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(socket))
                .close();

        try {
            assertThatThrownBy(() -> StreamChannel.unix(socket))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("unix:" + socket)
                    .hasMessageContaining("no server listens on this socket");
        } finally {
            Files.delete(socket);
            Files.delete(socket.getParent());
        }
    }

    @Test
    void aPathTooLongForASocket() throws IOException {
        final Path socket = directory.resolve("x".repeat(120));
        Files.createFile(socket);

        assertThatThrownBy(() -> StreamChannel.unix(socket))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("unix:" + socket)
                .hasMessageContaining("too long");
    }

    @Test
    void aPortThatNobodyListensOn() throws IOException {
        final int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }

        assertThatThrownBy(() -> StreamChannel.tcp("127.0.0.1", port))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("tcp:127.0.0.1:" + port)
                .hasMessageContaining("refused")
                .hasMessageContaining("check that the server runs");
    }

    @Test
    void aHostThatIsNotKnown() {
        // Certainly not a host name, so no name server is asked.
        assertThatThrownBy(() -> StreamChannel.tcp("[nobody]", StreamChannel.DEFAULT_PORT))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("tcp:[nobody]:564")
                .hasMessageContaining("unknown host");
    }

    @Test
    void aCommandThatIsNotThere() {
        assertThatThrownBy(() -> StreamChannel.exec(List.of("/no/such/command", "-x")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("exec:/no/such/command -x")
                .hasMessageContaining("No such file or directory")
                .hasMessageContaining("check that the command is installed");
    }
}
