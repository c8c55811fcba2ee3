package dev.ninepin.daemon.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.daemon.host.RuntimeDirectory;
import dev.ninepin.daemon.host.User;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlServerTest {
    private static final Path MOUNT_POINT = Path.of("/mnt/x");
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final ControlMessages.Request PING = new ControlMessages.Request(ControlMessages.PING, false);

    private volatile String pong = "{\"pid\":7}";
    private final List<SocketChannel> clients = new ArrayList<>();
    private final CompletableFuture<String> slowAnswer = new CompletableFuture<>();

    /** A directory below /tmp, because a path in the build directory may be too long for a UNIX socket. */
    @TempDir
    private Path temporary;

    private RuntimeDirectory directory;
    private ControlSocket socket;
    private ControlServer server;

    @BeforeEach
    void start() throws Exception {
        directory = new RuntimeDirectory(temporary.resolve("n"), User.current());
        socket = ControlSocket.open(directory, MOUNT_POINT);
        server = ControlServer.start(socket, this::answer);
    }

    @AfterEach
    void stop() throws Exception {
        for (final SocketChannel client : clients) {
            client.close();
        }
        slowAnswer.complete("{}");
        server.close();
    }

    private CompletableFuture<String> answer(final String request) {
        return request.contains("slow") ? slowAnswer : CompletableFuture.completedFuture(pong);
    }

    @Test
    void aRequestIsAnswered() throws Exception {
        assertThat(ping().pid()).isEqualTo(7);
    }

    @Test
    void theSocketIsItsOwnersAlone() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(server.path())))
                .isEqualTo("rw-------");
        assertThat(directory.sockets()).containsExactly(server.path());
    }

    @Test
    void clientsThatSayNothingHoldNobodyUp() throws Exception {
        for (int i = 0; i < 3 * ControlServer.MAX_CLIENTS; i++) {
            connect("");
        }
        assertThat(ping().pid()).isEqualTo(7);
    }

    @Test
    void aClientThatSaysNothingIsDropped() throws Exception {
        final SocketChannel silent = connect("{\"request\"");
        await().atMost(ControlConnection.PATIENCE.plus(PATIENCE)).until(() -> hasEnded(silent));
    }

    @Test
    void aRequestWithoutEndIsDropped() throws Exception {
        final SocketChannel endless = connect("");
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 1000; i++) {
                        write(endless, "x".repeat(ControlConnection.MAX_REQUEST));
                    }
                })
                .isInstanceOf(IOException.class);
        assertThat(ping().pid()).isEqualTo(7);
    }

    @Test
    void statusIsAnsweredWhileAnUnmountTakesItsTime() throws Exception {
        final SocketChannel patient = connect("slow\n");
        assertThat(ping().pid()).isEqualTo(7);
        slowAnswer.complete("done");
        assertThat(read(patient)).isEqualTo("done\n");
    }

    @Test
    void anAnswerThatIsReadyStillArrivesWhenTheServerCloses() throws Exception {
        final SocketChannel patient = connect("slow\n");
        ping();
        slowAnswer.complete("done");
        server.close();
        assertThat(read(patient)).isEqualTo("done\n");
        assertThat(directory.sockets()).isEmpty();
    }

    @Test
    void aSecondDaemonDoesNotTakeOverALivingOnesSocket() {
        assertThatThrownBy(() -> ControlSocket.open(directory, MOUNT_POINT))
                .isInstanceOf(BindException.class)
                .hasMessageContaining("another ninepin process serves " + MOUNT_POINT + " or is mounting on it");
    }

    @Test
    void aMountThatIsThereKeepsItsSocketsName() {
        assertThatThrownBy(() -> {
                    socket.releaseClaim();
                    ControlSocket.open(directory, MOUNT_POINT);
                })
                .isInstanceOf(BindException.class)
                .hasMessageContaining("another ninepin process serves " + MOUNT_POINT + " or is mounting on it");
    }

    @Test
    void aMountThatIsUnmountedButLivesOnLeavesItsSocketsName() throws Exception {
        socket.releaseClaim();
        pong = "{\"pid\":7,\"status\":{\"state\":\"unmounting\"}}";
        try (ControlSocket successor = ControlSocket.open(directory, MOUNT_POINT)) {
            assertThat(successor.path()).isEqualTo(directory.socket(MOUNT_POINT));
            assertThat(directory.sockets()).hasSize(2).contains(successor.path());
            server.close();
            assertThat(directory.sockets()).containsExactly(successor.path());
        }
        assertThat(directory.sockets()).isEmpty();
    }

    @Test
    void anUnmountIsRememberedButAMountThatFailedIsNone() throws Exception {
        final Instant before = Instant.EPOCH;
        ControlSocket.open(directory, Path.of("/mnt/failed")).close();
        assertThat(directory.isUnmountedSince(directory.socket(Path.of("/mnt/failed")), before))
                .isFalse();
        socket.releaseClaim();
        server.close();
        assertThat(directory.isUnmountedSince(socket.path(), before)).isTrue();
        final Path other = directory.socket(Path.of("/mnt/other"));
        Files.setLastModifiedTime(directory.path().resolve("mnt-x.unmounted"), FileTime.from(before));
        directory.noteUnmount(other);
        assertThat(directory.isUnmountedSince(socket.path(), before)).isFalse();
        directory.noteUnmount(socket.path());
        assertThat(directory.isUnmountedSince(other, before)).isTrue();
        assertThat(directory.isUnmountedSince(socket.path(), before)).isTrue();
        assertThat(directory.isUnmountedSince(socket.path(), Instant.now().plusSeconds(1)))
                .isFalse();
    }

    @Test
    void theSocketOfADeadDaemonIsTakenOver() throws Exception {
        final Path stale = leaveStaleSocket(Path.of("/mnt/dead"));
        try (ControlSocket socket = ControlSocket.open(directory, Path.of("/mnt/dead"))) {
            assertThat(socket.path()).isEqualTo(stale);
        }
        assertThat(directory.sockets()).containsExactly(server.path());
    }

    @Test
    void theSocketOfADeadDaemonIsRecognisedAndRemoved() throws Exception {
        final Path stale = leaveStaleSocket(Path.of("/mnt/dead"));
        assertThatThrownBy(() -> ControlClient.ask(directory, stale, PING, PATIENCE))
                .isInstanceOf(ConnectException.class);
        ControlSocket.removeIfStale(directory, stale);
        ControlSocket.removeIfStale(directory, server.path());
        assertThat(directory.sockets()).containsExactly(server.path());
    }

    @Test
    void aSocketThatStepsAsideLeavesItsNameAndIsStillListed() throws Exception {
        final Path mountPoint = Path.of("/mnt/lazy");
        final ControlSocket old = ControlSocket.open(directory, mountPoint);
        old.releaseClaim();
        old.releaseName();
        try (ControlSocket successor = ControlSocket.open(directory, mountPoint)) {
            assertThat(successor.path()).isEqualTo(directory.socket(mountPoint));
            assertThat(directory.sockets()).hasSize(3).contains(server.path(), successor.path());
            old.close();
            assertThat(directory.sockets()).containsExactlyInAnyOrder(server.path(), successor.path());
        }
    }

    @Test
    void aDaemonThatClosesLeavesTheSocketOfItsSuccessor() throws Exception {
        socket.releaseClaim();
        Files.delete(server.path());
        try (ControlSocket successor = ControlSocket.open(directory, MOUNT_POINT)) {
            server.close();
            assertThat(successor.path()).exists();
        }
    }

    @Test
    void aDaemonThatDoesNotAnswerIsWaitedForNoLongerThanAsked() {
        assertThatThrownBy(() -> ControlClient.ask(
                        directory, server.path(), new ControlMessages.Request("slow", false), Duration.ofMillis(200)))
                .isInstanceOf(IOException.class)
                .hasMessage("no reply from the daemon within 0.2 s");
    }

    private ControlMessages.Reply ping() throws IOException {
        return ControlClient.ask(directory, server.path(), PING, PATIENCE);
    }

    private SocketChannel connect(final String text) throws IOException {
        final SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(server.path()));
        clients.add(client);
        write(client, text);
        return client;
    }

    private static void write(final SocketChannel client, final String text) throws IOException {
        final ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(UTF_8));
        while (bytes.hasRemaining()) {
            client.write(bytes);
        }
    }

    private static String read(final SocketChannel client) throws IOException {
        final ByteBuffer bytes = ByteBuffer.allocate(100);
        while (client.read(bytes) >= 0) {
            assertThat(bytes.hasRemaining()).isTrue();
        }
        return new String(bytes.array(), 0, bytes.position(), UTF_8);
    }

    private static boolean hasEnded(final SocketChannel client) throws IOException {
        client.configureBlocking(false);
        return client.read(ByteBuffer.allocate(1)) < 0;
    }

    private Path leaveStaleSocket(final Path mountPoint) throws IOException {
        final Path path = directory.socket(mountPoint);
        try (ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.bind(UnixDomainSocketAddress.of(path));
        }
        return path;
    }
}
