package dev.ninepin.daemon.systemd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;

class ServiceManagerTest {
    private static final long PID = 42;

    /**
     * Creates temporary directories with short paths. The path of a socket has at most 108 bytes, and the build
     * directory may take most of them.
     */
    static final class ShortPaths implements TempDirFactory {
        @Override
        public Path createTempDirectory(final AnnotatedElementContext element, final ExtensionContext extension)
                throws IOException {
            return Files.createTempDirectory(Path.of("/tmp"), "ninepin");
        }
    }

    @TempDir(factory = ShortPaths.class)
    private Path temporary;

    @Test
    void whatItIsToldComesAsSdNotifyHasIt() throws Exception {
        try (DatagramListener systemd = new DatagramListener(temporary + "/notify")) {
            final ServiceManager manager = manager(temporary + "/notify");
            manager.status("mounting\na share");
            manager.ready("mounted");
            manager.alive();
            manager.stopping("going");
            await().until(() -> systemd.received().size() == 4);
            assertThat(systemd.received())
                    .containsExactly(
                            "STATUS=mounting?a share",
                            "READY=1 STATUS=mounted",
                            "WATCHDOG=1",
                            "STOPPING=1 STATUS=going");
        }
    }

    @Test
    void aSocketInTheAbstractNameSpaceIsReached() throws Exception {
        final String name = "@ninepin-test-" + ProcessHandle.current().pid();
        try (DatagramListener systemd = new DatagramListener(name)) {
            manager(name).alive();
            await().until(() -> systemd.count("WATCHDOG=1") == 1);
        }
    }

    @Test
    void withoutSystemdNothingHappens() {
        final ServiceManager nobody = ServiceManager.of(name -> null, PID);
        nobody.ready("mounted");
        assertThat(nobody.watchdog()).isEmpty();
    }

    @Test
    void aSocketThatNobodyListensOnIsAnErrorInWordsAndHarmsNoService() {
        assertThatThrownBy(() -> new NotifySocket(temporary + "/none").send(new byte[1]))
                .isInstanceOf(IOException.class)
                .hasMessage("the socket " + temporary + "/none: connect: No such file or directory");
        manager(temporary + "/none").ready("mounted");
        manager("/" + "long".repeat(100)).ready("mounted");
    }

    @Test
    void theWatchdogIsForTheProcessThatItNames() {
        assertThat(watchdog("30000000", "42")).hasValue(Duration.ofSeconds(30));
        assertThat(watchdog("1500", null)).hasValue(Duration.ofNanos(1_500_000));
        assertThat(watchdog("30000000", "43")).isEmpty();
        assertThat(watchdog("0", "42")).isEmpty();
        assertThat(watchdog("soon", "42")).isEmpty();
        assertThat(watchdog(null, null)).isEmpty();
    }

    private static Optional<Duration> watchdog(final String micros, final String pid) {
        return ServiceManager.of(
                        name -> switch (name) {
                            case "NOTIFY_SOCKET" -> "/run/none";
                            case "WATCHDOG_USEC" -> micros;
                            case "WATCHDOG_PID" -> pid;
                            default -> null;
                        },
                        PID)
                .watchdog();
    }

    private static ServiceManager manager(final String address) {
        return ServiceManager.of(Map.of("NOTIFY_SOCKET", address)::get, PID);
    }
}
