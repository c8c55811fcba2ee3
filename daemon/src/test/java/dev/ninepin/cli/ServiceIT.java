package dev.ninepin.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.ninepin.daemon.systemd.DatagramListener;
import dev.ninepin.testing.DiodServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests of {@code ninepin run} as systemd runs it, with the packaged program, a real diod, and a socket in place of
 * systemd's.
 */
class ServiceIT {
    private static final Duration PATIENCE = Duration.ofSeconds(40);

    /** The watchdog limit: short enough for a test, long enough for a machine under load. */
    private static final Duration LIMIT = Duration.ofSeconds(3);

    private static final String ALIVE = "WATCHDOG=1";

    @TempDir
    private Path temporary;

    private Path mountPoint;
    private Path configuration;
    private Path errors;
    private DiodServer diod;
    private DatagramListener systemd;
    private String address;
    private Process service;

    @BeforeEach
    void prepare() throws Exception {
        temporary = temporary.toRealPath();
        final Path share = Files.createDirectory(temporary.resolve("share"));
        Files.writeString(share.resolve("hello"), "hello\n");
        mountPoint = Files.createDirectory(temporary.resolve("mnt"));
        errors = temporary.resolve("errors");
        diod = DiodServer.onUnixSocket(share);
        configuration = Files.writeString(
                temporary.resolve("share.conf"),
                "source=unix:" + diod.socket() + "\ndirectory=" + mountPoint + "\noptions=aname=" + diod.aname()
                        + "\n");
        address = "@ninepin-it-" + ProcessHandle.current().pid();
        systemd = new DatagramListener(address);
    }

    @AfterEach
    void leaveNothing() throws Exception {
        if (service != null) {
            service.destroyForcibly().onExit().join();
        }
        if (ProcessHandle.of(diod.process().pid()).isPresent()) {
            signal("CONT", diod.process().pid());
        }
        assertThat(Program.ninepin("run", "--clear", configuration).exitCode()).isZero();
        assertThat(isMounted()).isFalse();
        systemd.close();
        diod.close();
    }

    @Test
    void itIsReadyWhenMountedAndSaysThatItStops() throws Exception {
        start();
        assertThat(isMounted()).isTrue();
        assertThat(mountPoint.resolve("hello")).hasContent("hello\n");
        assertThat(systemd.received().get(0)).startsWith("STATUS=mounting unix:");
        assertThat(systemd.received().get(1))
                .startsWith(
                        "READY=1 STATUS=unix:" + diod.socket() + " is mounted on " + mountPoint + " (9P2000.L, msize ");
        signal("TERM", service.pid());
        await().atMost(PATIENCE).until(() -> !service.isAlive());
        assertThat(service.exitValue()).isZero();
        assertThat(isMounted()).isFalse();
        await().until(() -> systemd.count("STOPPING=1 STATUS=unmounting " + mountPoint) == 1);
    }

    @Test
    void theWatchdogIsFedByAnswersOfTheServerOnly() throws Exception {
        setOptions("timeout=0");
        start();
        await().atMost(PATIENCE).until(() -> systemd.count(ALIVE) >= 2);

        signal("STOP", diod.process().pid());
        await().atMost(PATIENCE).until(() -> said("has not answered for") >= 2);
        // Replies that were under way when the server stopped have arrived by now. No further reply comes.
        final long fed = systemd.count(ALIVE);
        await().atMost(PATIENCE).until(() -> said("has not answered for") >= 4);
        assertThat(systemd.count(ALIVE)).isEqualTo(fed);
        assertThat(errors)
                .content()
                .containsPattern(
                        "WARN .*the server of unix:\\S+ has not answered for [0-9]+ s; systemd ends this service"
                                + " after 3 s without an answer");

        signal("CONT", diod.process().pid());
        await().atMost(PATIENCE).until(() -> systemd.count(ALIVE) > fed);
        await().untilAsserted(() -> assertThat(errors).content().contains("answers again"));
        await().until(() -> systemd.received().stream()
                .skip(3)
                .anyMatch(each -> each.startsWith("STATUS=unix:" + diod.socket() + " is mounted")));
    }

    @Test
    void aServerThatIsAwayIsWaitedForAndTheStatusSaysSo() throws Exception {
        start();
        diod.kill();
        await().atMost(PATIENCE).until(() -> statuses("STATUS=reconnecting since ") > 0);
        final long fed = systemd.count(ALIVE);
        await().atMost(PATIENCE).until(() -> systemd.count(ALIVE) > fed + 2);
        final long mounted = statuses("STATUS=unix:" + diod.socket() + " is mounted");
        diod.restart();
        await().atMost(PATIENCE).until(() -> statuses("STATUS=unix:" + diod.socket() + " is mounted") > mounted);
        assertThat(mountPoint.resolve("hello")).hasContent("hello\n");
        assertThat(errors).content().containsOnlyOnce("WARN").containsOnlyOnce("Connected to the server again");
    }

    @Test
    void theInstalledProgramTakesOverInTheSameProcess() throws Exception {
        start();
        final String ready = "READY=1 STATUS=unix:" + diod.socket() + " is mounted";
        assertThat(statuses(ready)).isOne();
        assertThat(Program.ninepin("restart", mountPoint)).isEqualTo(new Program.Result(0, "", ""));
        assertThat(service.isAlive()).isTrue();
        assertThat(mountPoint.resolve("hello")).hasContent("hello\n");
        await().atMost(PATIENCE).until(() -> statuses(ready) == 2);
        assertThat(statuses("STATUS=the installed program takes over " + mountPoint))
                .isOne();
        final long fed = systemd.count(ALIVE);
        await().atMost(PATIENCE).until(() -> systemd.count(ALIVE) > fed + 1);
        signal("TERM", service.pid());
        await().atMost(PATIENCE).until(() -> !service.isAlive());
        assertThat(service.exitValue()).isZero();
        assertThat(isMounted()).isFalse();
    }

    @Test
    void aServerThatIsSilentIsWaitedForAndTheStatusSaysSo() throws Exception {
        setOptions("timeout=15");
        start();
        final Instant begin = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        signal("STOP", diod.process().pid());
        await().atMost(PATIENCE).until(() -> statuses("STATUS=silent since ") > 0);
        final long fed = systemd.count(ALIVE);
        await().atMost(PATIENCE).until(() -> systemd.count(ALIVE) > fed + 2);
        assertThat(said("has not answered")).isZero();
        assertThat(errors).content().doesNotContain("WARN");

        await().atMost(PATIENCE).until(() -> said("has not answered for") + said("does not answer (") >= 2);
        final long last = systemd.count(ALIVE);
        final Program.Result shown = Program.ninepin("status", "--json", mountPoint);
        assertThat(shown.exitCode()).isEqualTo(32);
        final JsonObject status = JsonParser.parseString(shown.output()).getAsJsonObject();
        assertThat(status.get("state").getAsString()).isEqualTo("silent");
        assertThat(Instant.parse(status.get("silent_since").getAsString())).isBetween(begin, Instant.now());
        assertThat(systemd.count(ALIVE)).isEqualTo(last);

        final long mounted = statuses("STATUS=unix:" + diod.socket() + " is mounted");
        signal("CONT", diod.process().pid());
        await().atMost(PATIENCE).until(() -> statuses("STATUS=unix:" + diod.socket() + " is mounted") > mounted);
        assertThat(Program.ninepin("status", mountPoint).exitCode()).isZero();
    }

    private void setOptions(final String options) throws IOException {
        Files.writeString(
                configuration, "options=" + options + ",aname=" + diod.aname() + "\n", StandardOpenOption.APPEND);
    }

    private long statuses(final String begin) {
        return systemd.received().stream()
                .filter(each -> each.startsWith(begin))
                .count();
    }

    @Test
    void aServerThatIsGoneFeedsNoWatchdogAndTheReasonIsGiven() throws Exception {
        setOptions("noreconnect");
        start();
        diod.kill();
        await().atMost(PATIENCE).until(() -> said("does not answer (") >= 2);
        final long fed = systemd.count(ALIVE);
        await().atMost(PATIENCE).until(() -> said("does not answer (") >= 4);
        assertThat(systemd.count(ALIVE)).isEqualTo(fed);
    }

    @Test
    void aDeadMountIsClearedAndTheNextStartTakesItsPlace() throws Exception {
        start();
        service.destroyForcibly().onExit().join();
        assertThat(isMounted()).isTrue();
        assertThat(Program.ninepin("run", "--clear", configuration)).isEqualTo(new Program.Result(0, "", ""));
        assertThat(isMounted()).isFalse();
        // The command also succeeds if there is nothing to clear.
        assertThat(Program.ninepin("run", "--clear", configuration)).isEqualTo(new Program.Result(0, "", ""));

        start();
        service.destroyForcibly().onExit().join();
        start();
        assertThat(mountPoint.resolve("hello")).hasContent("hello\n");
    }

    @Test
    void aLivingMountIsNotCleared() throws Exception {
        start();
        assertThat(Program.ninepin("run", "--clear", configuration)).isEqualTo(new Program.Result(0, "", ""));
        assertThat(mountPoint.resolve("hello")).hasContent("hello\n");
    }

    @Test
    void aMistakeEndsWithCodeOneAndFailuresWithOthers() throws Exception {
        Files.writeString(configuration, "options=mszie=1\n", StandardOpenOption.APPEND);
        assertThat(Program.ninepin("run", configuration).exitCode()).isEqualTo(1);
        Files.writeString(configuration, "source=unix:/no/such/socket\ndirectory=" + mountPoint + "\n");
        assertThat(Program.ninepin("run", configuration).exitCode()).isEqualTo(32);
    }

    @Test
    void inTheJournalEveryLineHasAPriorityAndNoTime() throws Exception {
        // The shell opens the file first, so that its inode number is known when the variable is set.
        final List<String> command = List.of(
                "sh",
                "-c",
                "JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec \"$@\"",
                "sh",
                Program.TREE.resolve("ninepin").toString(),
                "run",
                configuration.toString());
        start(command);
        signal("TERM", service.pid());
        await().atMost(PATIENCE).until(() -> !service.isAlive());
        assertThat(Files.readAllLines(errors)).hasSizeGreaterThan(1).allMatch(line -> line.matches("<6>[A-Z]\\w+: .*"));

        final Program.Result failed = Program.run(
                List.of(
                        "sh",
                        "-c",
                        "JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec \"$@\"",
                        "sh",
                        Program.TREE.resolve("ninepin").toString(),
                        "run",
                        "/no/such.conf"),
                Map.of());
        assertThat(failed.errors()).startsWith("<3>ninepin: there is no /no/such.conf");
    }

    private void start() throws IOException {
        start(List.of(Program.TREE.resolve("ninepin").toString(), "run", configuration.toString()));
    }

    /** Starts the service. Returns when the service has reported that it is ready. */
    private void start(final List<String> command) throws IOException {
        final long before = readies();
        final ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(command)).redirectError(errors.toFile());
        builder.environment().put("NOTIFY_SOCKET", address);
        builder.environment().put("WATCHDOG_USEC", Long.toString(LIMIT.toMillis() * 1000));
        service = builder.start();
        await().atMost(PATIENCE).until(() -> readies() > before || !service.isAlive());
        assertThat(service.isAlive()).as(Files.readString(errors)).isTrue();
    }

    private long readies() {
        return systemd.received().stream()
                .filter(each -> each.startsWith("READY=1"))
                .count();
    }

    private long said(final String what) {
        return systemd.received().stream()
                .filter(each -> each.startsWith("STATUS=the server of ") && each.contains(what))
                .count();
    }

    private boolean isMounted() throws IOException {
        return Files.readString(Path.of("/proc/self/mountinfo")).contains(" " + mountPoint + " ");
    }

    private static void signal(final String name, final long pid) throws Exception {
        Program.run(List.of("kill", "-" + name, Long.toString(pid)), Map.of());
    }
}
