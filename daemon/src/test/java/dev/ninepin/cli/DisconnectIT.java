package dev.ninepin.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.ninepin.testing.DiodServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests what users are told when a server is gone. They use the packaged program, real servers and a real mount. */
class DisconnectIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private Path temporary;

    private Path share;
    private Path mountPoint;
    private Path log;

    @BeforeEach
    void makeShare() throws Exception {
        temporary = temporary.toRealPath();
        share = Files.createDirectory(temporary.resolve("share"));
        mountPoint = Files.createDirectory(temporary.resolve("mnt"));
    }

    @AfterEach
    void leaveNothing() throws Exception {
        if (Files.readString(Path.of("/proc/self/mountinfo")).contains(" " + mountPoint + " ")) {
            Program.ninepin("umount", "-f", mountPoint);
        }
        if (log != null) {
            Files.delete(log);
        }
    }

    @Test
    void aQemuThatWasKilledIsTheReason() throws Exception {
        final ProcessHandle daemon = mount("qemu:" + share, "-o", "noreconnect");
        kill(daemon, "qemu-system-x86_64");
        assertDisconnected("qemu:" + share + ": QEMU was killed by signal 9");
    }

    @Test
    void aServerThatClosedTheConnectionIsTheReason() throws Exception {
        try (DiodServer diod = DiodServer.onUnixSocket(share)) {
            mount("unix:" + diod.socket(), "-o", "noreconnect,aname=" + diod.aname());
            diod.kill();
            assertDisconnected("unix:" + diod.socket() + ": the server closed the connection");
        }
    }

    /** The source is a shell script that runs diod, and after diod is killed the commands {@code then}. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "echo it is late >&2; exit 3 | the server closed the connection; the command ended with status 3; its standard error ends with: Killed; it is late",
                "echo HTTP/1.1 400 Bad Request; read line | the server sent a message with an invalid size of 1347703880 bytes (valid: 7 to 1048576); it is not a 9P2000.L server, or it is faulty; its standard error ends with: Killed"
            })
    void whatACommandDidIsTheReason(final String then, final String reason) throws Exception {
        final Path script = Files.writeString(
                temporary.resolve("serve"),
                "#!/bin/sh\n" + String.join(" ", DiodServer.commandOnPipes(share)) + "\n" + then + "\n");
        assertThat(script.toFile().setExecutable(true)).isTrue();
        final ProcessHandle daemon = mount("exec:" + script, "-o", "noreconnect,aname=" + DiodServer.aname(share));
        kill(daemon, "diod");
        assertDisconnected("exec:" + script + ": " + reason);
    }

    private ProcessHandle mount(final String source, final Object... options) throws Exception {
        final Object[] arguments = new Object[options.length + 3];
        System.arraycopy(options, 0, arguments, 1, options.length);
        arguments[0] = "mount";
        arguments[options.length + 1] = source;
        arguments[options.length + 2] = mountPoint;
        assertThat(Program.ninepin(arguments)).isEqualTo(new Program.Result(0, "", ""));
        final Program.Result healthy = Program.ninepin("status", "--json", mountPoint);
        assertThat(healthy.exitCode()).as(healthy.errors()).isZero();
        final JsonObject status = JsonParser.parseString(healthy.output()).getAsJsonObject();
        assertThat(status.has("disconnected_since")).isFalse();
        log = Path.of(status.get("log").getAsString());
        return ProcessHandle.of(status.get("pid").getAsLong()).orElseThrow();
    }

    private static void kill(final ProcessHandle daemon, final String program) {
        final List<ProcessHandle> servers = daemon.descendants()
                .filter(each -> each.info().command().orElse("").endsWith("/" + program))
                .toList();
        assertThat(servers).hasSize(1);
        servers.get(0).destroyForcibly();
    }

    private void assertDisconnected(final String reason) throws Exception {
        final Instant killed = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        await().atMost(PATIENCE).until(() -> Files.readString(log).contains(" WARN "));
        assertThat(Files.readAllLines(log).stream().filter(line -> line.contains(" WARN ")))
                .singleElement()
                .asString()
                .endsWith("The session with the server has ended: " + reason);

        final String hint = "ninepin: " + mountPoint + " is disconnected from its server: unmount it (ninepin umount "
                + mountPoint + ") and mount it again\n";
        final Program.Result json = Program.ninepin("status", "--json", mountPoint);
        assertThat(json.exitCode()).isEqualTo(32);
        assertThat(json.errors()).isEqualTo(hint);
        final JsonObject status = JsonParser.parseString(json.output()).getAsJsonObject();
        assertThat(status.get("state").getAsString()).isEqualTo("disconnected");
        assertThat(status.get("disconnect_reason").getAsString()).isEqualTo(reason);
        assertThat(Instant.parse(status.get("disconnected_since").getAsString()))
                .isBetween(killed.minusSeconds(1), Instant.now());

        final Program.Result text = Program.ninepin("status", mountPoint);
        assertThat(text.exitCode()).isEqualTo(32);
        assertThat(text.errors()).isEqualTo(hint);
        assertThat(text.output()).contains("state     disconnected since ").contains("mounted   since ");
        final Program.Result all = Program.ninepin("status");
        assertThat(all.exitCode()).isEqualTo(32);
        assertThat(all.errors()).contains(hint);

        assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(new Program.Result(0, "", ""));
        assertThat(Files.readAllLines(log).stream().filter(line -> line.contains(" WARN ")))
                .hasSize(1);
    }
}
