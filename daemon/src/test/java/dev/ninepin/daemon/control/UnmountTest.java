package dev.ninepin.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.daemon.host.MountTable;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.ProcSelf;
import dev.ninepin.daemon.host.RuntimeDirectory;
import dev.ninepin.daemon.host.User;
import dev.ninepin.testing.BackgroundCall;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of unmounting with a simulated daemon. The integration tests of the command line cover real daemons. */
class UnmountTest {
    private static final Path MOUNT_POINT = Path.of("/mnt/nothing is mounted here");

    @TempDir
    private Path temporary;

    private final CountDownLatch asked = new CountDownLatch(1);
    private Process daemon;
    private RuntimeDirectory directory;
    private ControlServer server;

    @BeforeEach
    void start() throws Exception {
        daemon = new ProcessBuilder("sleep", "600").start();
        directory = new RuntimeDirectory(temporary.resolve("n"), User.current());
        server = ControlServer.start(ControlSocket.open(directory, MOUNT_POINT), this::answer);
    }

    @AfterEach
    void stop() throws Exception {
        daemon.destroyForcibly().waitFor();
        server.close();
    }

    /** Answers every request except the unmount. */
    private CompletableFuture<String> answer(final String request) {
        if (request.contains(ControlMessages.UNMOUNT)) {
            asked.countDown();
            return new CompletableFuture<>();
        }
        return CompletableFuture.completedFuture("{\"pid\":" + daemon.pid() + "}");
    }

    @Test
    void aDaemonThatIsGoneBeforeTheUnmountIsAnsweredHasUnmounted() throws Exception {
        final Mounts mounts = new Mounts(User.current(), directory, new MountTable(List.of()));
        try (BackgroundCall<Boolean> unmount = BackgroundCall.start("unmount", () -> {
            new Unmount(mounts, MOUNT_POINT, false, Instant.now()).run();
            return true;
        })) {
            asked.await();
            server.close();
            unmount.awaitInside("awaitEnd");
            daemon.destroy();
            assertThat(unmount.result()).isTrue();
        }
    }

    @Test
    void anUnmountByOthersSinceTheStartIsASuccess() throws Exception {
        final Mounts mounts = new Mounts(User.current(), directory, new MountTable(List.of()));
        final Instant before = Instant.EPOCH;
        server.close();
        final Unmount late = new Unmount(mounts, MOUNT_POINT, false, before);
        assertThatThrownBy(late::run)
                .isInstanceOf(NinepinException.class)
                .hasMessageContaining("is not a Ninepin mount");
        ControlSocket.free(directory, MOUNT_POINT);
        assertThat(late.run()).isEmpty();
    }

    @Test
    void theStartOfThisProcessIsKnown() throws Exception {
        assertThat(ProcSelf.started())
                .isBetween(
                        ProcessHandle.current()
                                .info()
                                .startInstant()
                                .orElseThrow()
                                .minusSeconds(2),
                        Instant.now());
    }
}
