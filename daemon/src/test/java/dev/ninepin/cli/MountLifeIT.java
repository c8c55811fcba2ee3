package dev.ninepin.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.ninepin.testing.DiodServer;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of a mount's life as a user sees it, with the packaged program, a real QEMU and a real mount. */
class MountLifeIT {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    private Path temporary;

    private Path share;
    private Path mountPoint;
    private String source;

    /** The processes to end after each test. */
    private final List<ProcessHandle> started = new ArrayList<>();

    private final Set<Path> logs = new HashSet<>();

    @BeforeEach
    void makeShare() throws Exception {
        temporary = temporary.toRealPath();
        share = Files.createDirectory(temporary.resolve("share"));
        mountPoint = Files.createDirectory(temporary.resolve("mnt"));
        source = "qemu:" + share;
        Files.writeString(share.resolve("hello"), "hello\n");
    }

    @AfterEach
    void leaveNothing() throws Exception {
        if (isMounted()) {
            Program.ninepin("umount", "-l", mountPoint);
        }
        for (final ProcessHandle process : started) {
            process.destroyForcibly();
            await().atMost(PATIENCE).until(() -> !isRunning(process));
        }
        for (final Path log : logs) {
            Files.delete(log);
        }
    }

    @Test
    void aMountIsUsableWhenTheCommandReturnsAndGoneWhenUmountDoes() throws Exception {
        final ProcessHandle daemon = mount();
        assertThat(mountPoint.resolve("hello")).hasContent("hello\n");
        Files.writeString(mountPoint.resolve("new"), "from here");
        assertThat(share.resolve("new")).hasContent("from here");
        final List<ProcessHandle> servers = daemon.descendants().toList();
        assertThat(servers).isNotEmpty();
        started.addAll(servers);

        assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(new Program.Result(0, "", ""));
        assertThat(isRunning(daemon)).isFalse();
        assertThat(servers).noneMatch(MountLifeIT::isRunning);
        assertThat(isMounted()).isFalse();
        assertThat(Program.ninepin("status", mountPoint).exitCode()).isEqualTo(1);
        assertThat(mountPoint).isEmptyDirectory();
    }

    @Test
    void statusShowsWhatTheMountDoes() throws Exception {
        final ProcessHandle daemon = mount("-o", "msize=65536");
        assertThat(mountPoint.resolve("hello")).hasContent("hello\n");

        final JsonObject status = status();
        assertThat(status.get("source").getAsString()).isEqualTo(source);
        assertThat(status.get("mount_point").getAsString()).isEqualTo(mountPoint.toString());
        assertThat(status.get("state").getAsString()).isEqualTo("connected");
        assertThat(status.get("pid").getAsLong()).isEqualTo(daemon.pid());
        final JsonObject protocol = status.getAsJsonObject("protocol");
        assertThat(protocol.get("version").getAsString()).isEqualTo("9P2000.L");
        assertThat(protocol.get("msize").getAsInt()).isEqualTo(65536);
        assertThat(protocol.getAsJsonArray("messages")).isNotEmpty();
        final JsonObject files = status.getAsJsonObject("files");
        assertThat(files.get("bytes_read").getAsLong()).isEqualTo(6);
        assertThat(files.getAsJsonArray("operations")).isNotEmpty();
        assertThat(status.getAsJsonObject("jvm").get("resident_bytes").getAsLong())
                .isPositive();
        assertThat(Path.of(status.get("log").getAsString())).content().contains("is mounted on " + mountPoint);

        final Program.Result text = Program.ninepin("status", mountPoint);
        assertThat(text.exitCode()).isZero();
        assertThat(text.output())
                .startsWith(source + " on " + mountPoint + "\n")
                .contains("mount tag", "Tgetattr")
                .doesNotContain("\u001b");
        final JsonObject all = JsonParser.parseString(
                        Program.ninepin("status", "--json").output())
                .getAsJsonObject();
        assertThat(all.getAsJsonArray("mounts"))
                .extracting(mount -> mount.getAsJsonObject().get("mount_point").getAsString())
                .contains(mountPoint.toString());
    }

    @Test
    void aSecondMountOnTheSameDirectoryIsRefused() throws Exception {
        mount();
        final Program.Result second = Program.ninepin("mount", source, mountPoint);
        assertThat(second.exitCode()).isEqualTo(32);
        assertThat(second.errors()).contains("is already mounted on " + mountPoint);
        assertThat(mountPoint.resolve("hello")).hasContent("hello\n");
    }

    @Test
    void aMountInUseIsUnmountedOnlyLazily() throws Exception {
        final ProcessHandle daemon = mount();
        final Process user = started(new ProcessBuilder("sleep", "600").directory(mountPoint.toFile()));
        final Program.Result busy = Program.ninepin("umount", mountPoint);
        assertThat(busy.exitCode()).isEqualTo(32);
        assertThat(busy.errors())
                .contains("is in use", "ninepin umount -l " + mountPoint)
                .hasLineCount(1);
        assertThat(mountPoint.resolve("hello")).hasContent("hello\n");

        assertThat(Program.ninepin("umount", "-l", mountPoint).exitCode()).isZero();
        assertThat(isMounted()).isFalse();
        user.destroyForcibly().waitFor();
        await().atMost(PATIENCE).until(() -> !isRunning(daemon));
    }

    @Test
    void aMountInUseIsUnmountedByForceAndItsUserGetsErrors() throws Exception {
        final ProcessHandle daemon = mount();
        final Process user =
                started(new ProcessBuilder("sh", "-c", "exec 3<hello; echo open; read line; cat <&3; echo $?")
                        .directory(mountPoint.toFile()));
        assertThat(user.inputReader().readLine()).isEqualTo("open");
        assertThat(Program.ninepin("umount", "-f", mountPoint)).isEqualTo(new Program.Result(0, "", ""));
        assertThat(isRunning(daemon)).isFalse();
        assertThat(isMounted()).isFalse();
        user.outputWriter().close();
        assertThat(user.inputReader().readLine()).isEqualTo("1");
    }

    /** The options for a read-only mount that mount(8) has. */
    @Test
    void theLettersOfMountForReadOnlyAreTaken() throws Exception {
        for (final String option : List.of("-r", "--read-only")) {
            mount(option);
            final String entry = Files.readAllLines(Path.of("/proc/mounts")).stream()
                    .filter(line -> line.contains(" " + mountPoint + " "))
                    .findFirst()
                    .orElseThrow();
            assertThat(entry).contains(" ro,");
            assertThat(Program.ninepin("umount", "--force", mountPoint).exitCode())
                    .isZero();
        }
    }

    @Test
    void anUnmountByOthersEndsTheDaemonAsWell() throws Exception {
        final ProcessHandle daemon = mount();
        final List<ProcessHandle> servers = daemon.descendants().toList();
        assertThat(Program.run(List.of("fusermount", "-u", mountPoint.toString()), Map.of())
                        .exitCode())
                .isZero();
        await().atMost(PATIENCE)
                .until(() -> !isRunning(daemon) && servers.stream().noneMatch(MountLifeIT::isRunning));
    }

    @Test
    void sigtermUnmountsEvenWhatIsInUse() throws Exception {
        final ProcessHandle daemon = mount();
        final List<ProcessHandle> servers = daemon.descendants().toList();
        started(new ProcessBuilder("sleep", "600").directory(mountPoint.toFile()));
        daemon.destroy();
        await().atMost(PATIENCE)
                .until(() -> !isRunning(daemon) && servers.stream().noneMatch(MountLifeIT::isRunning));
        assertThat(isMounted()).isFalse();
    }

    @Test
    void afterAKillNoServerIsLeftAndUmountClearsTheMount() throws Exception {
        final ProcessHandle daemon = mount();
        final List<ProcessHandle> servers = daemon.descendants().toList();
        final List<Path> sharedMemory = sharedMemory();
        daemon.destroyForcibly();
        await().atMost(PATIENCE)
                .until(() -> !isRunning(daemon) && servers.stream().noneMatch(MountLifeIT::isRunning));
        assertThat(sharedMemory()).isSubsetOf(sharedMemory);

        final Program.Result status = Program.ninepin("status", mountPoint);
        assertThat(status.exitCode()).isEqualTo(1);
        assertThat(status.errors())
                .isEqualTo("ninepin: the daemon of " + mountPoint
                        + " has died; to remove the dead mount: ninepin umount " + mountPoint + "\n");
        assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(new Program.Result(0, "", ""));
        assertThat(isMounted()).isFalse();
        mount();
        assertThat(mountPoint.resolve("hello")).hasContent("hello\n");
    }

    @Test
    void whatWasOpenAndHadLostItsNameAtAKillIsGoneWithTheNextMount() throws Exception {
        final ProcessHandle daemon = mount();
        Files.createDirectories(mountPoint.resolve("a/b"));
        try (FileChannel open =
                FileChannel.open(Files.writeString(mountPoint.resolve("a/b/file"), "data"), StandardOpenOption.READ)) {
            Files.delete(mountPoint.resolve("a/b/file"));
            Files.move(mountPoint.resolve("a"), mountPoint.resolve("c"));
            assertThat(mountPoint.resolve("c/b")).isEmptyDirectory();
            assertThat(share.resolve("c/b")).isNotEmptyDirectory();
            daemon.destroyForcibly();
            await().atMost(PATIENCE).until(() -> !isRunning(daemon));
            assertThat(open.isOpen()).isTrue();
        }
        assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(new Program.Result(0, "", ""));
        assertThat(share.resolve("c/b")).isNotEmptyDirectory();

        mount();

        assertThat(share.resolve("c/b")).isEmptyDirectory();
    }

    @Test
    void whatAUserHadOpenInADirectoryOfHisOwnIsGoneWithTheNextMountToo() throws Exception {
        // The process that serves a user runs as this user, so every directory above the export must let it pass.
        final Path home = Files.createTempDirectory(Path.of("/tmp"), "ninepin-it");
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwx--x--x"));
        final Path exported = Files.createDirectory(home.resolve("export"));
        try (DiodServer diod = DiodServer.onUnixSocket(exported)) {
            final Path his = Files.createDirectory(exported.resolve("his"));
            assertThat(Program.run(List.of("chown", "1234:1234", his.toString()), Map.of())
                            .exitCode())
                    .isZero();
            Files.setPosixFilePermissions(his, PosixFilePermissions.fromString("rwx------"));
            source = "unix:" + diod.socket();
            final String options = "allow_other,access=user,aname=" + diod.aname();
            final ProcessHandle daemon = mount("-o", options);
            final Process program = started(new ProcessBuilder(
                            "setpriv",
                            "--reuid=1234",
                            "--regid=1234",
                            "--clear-groups",
                            "sh",
                            "-c",
                            "exec 3>his/file; rm his/file; echo removed; read line")
                    .directory(mountPoint.toFile()));
            assertThat(program.inputReader().readLine()).isEqualTo("removed");
            daemon.destroyForcibly();
            await().atMost(PATIENCE).until(() -> !isRunning(daemon));
            program.destroyForcibly();
            await().atMost(PATIENCE).until(() -> !program.isAlive());
            assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(new Program.Result(0, "", ""));
            assertThat(his).isNotEmptyDirectory();

            mount("-o", options);

            assertThat(his).isEmptyDirectory();
            assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(new Program.Result(0, "", ""));
        } finally {
            Program.run(List.of("rm", "-rf", home.toString()), Map.of());
        }
    }

    @Test
    void inTheForegroundASignalUnmountsAndThatIsASuccess() throws Exception {
        for (final String signal : List.of("INT", "TERM", "HUP")) {
            final Path errors = temporary.resolve("errors");
            final Process foreground = start(errors, "mount", "-f", source);
            await().atMost(PATIENCE).until(this::isMounted);
            await().atMost(PATIENCE).until(() -> Files.readString(errors).contains("MountLife"));
            assertThat(mountPoint.resolve("hello")).hasContent("hello\n");
            kill(signal, foreground);
            assertThat(exitCode(foreground)).as(signal).isZero();
            assertThat(isMounted()).isFalse();
        }
    }

    /** The server accepts the connection and never replies, so the user gives up. */
    @Test
    void ctrlCWhileMountingEndsEverythingWithCode8() throws Exception {
        final Path socket =
                Path.of("/tmp", "ninepin-it-" + ProcessHandle.current().pid() + ".sock");
        try (ServerSocketChannel silent = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            silent.bind(UnixDomainSocketAddress.of(socket));
            final Path errors = temporary.resolve("errors");
            final Process mount = start(errors, "mount", "unix:" + socket);
            silent.accept();
            final List<ProcessHandle> daemons = mount.descendants().toList();
            assertThat(daemons).isNotEmpty();
            kill("INT", mount);
            assertThat(exitCode(mount)).isEqualTo(8);
            assertThat(errors).hasContent("ninepin: interrupted; nothing is mounted\n");
            assertThat(daemons).noneMatch(MountLifeIT::isRunning);
            assertThat(isMounted()).isFalse();
        } finally {
            Files.deleteIfExists(socket);
        }
    }

    @Test
    void aServerThatSpeaksSomethingElseIsRefusedInWords() throws Exception {
        final Program.Result result = Program.ninepin("mount", "exec:echo no 9P here", mountPoint);
        assertThat(result.exitCode()).isEqualTo(32);
        assertThat(result.errors())
                .startsWith("ninepin: cannot mount exec:echo no 9P here: ")
                .hasLineCount(1);
        assertThat(isMounted()).isFalse();
    }

    @Test
    void whatQemuDoesNotKnowIsWrongUse() throws Exception {
        final Program.Result result = Program.ninepin("mount", source + ",colour=blue", mountPoint);
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.errors()).contains("colour").hasLineCount(1);
    }

    @Test
    void namesWithSpacesAndLettersOfAnyAlphabetWorkWithoutALocale() throws Exception {
        final Path odd = Files.createDirectory(temporary.resolve("m\u00fc nt,x"));
        final Path oddShare = Files.createDirectory(temporary.resolve("sh\u00e4re,,x"));
        Files.writeString(oddShare.resolve("hello"), "hello\n");
        final String oddSource = "qemu:" + oddShare.toString().replace(",", ",,");
        final Map<String, String> noLocale = Map.of("LANG", "", "LC_ALL", "");
        final String ninepin = Program.TREE.resolve("ninepin").toString();
        final Program.Result mounted = Program.run(List.of(ninepin, "mount", oddSource, odd.toString()), noLocale);
        try {
            assertThat(mounted).isEqualTo(new Program.Result(0, "", ""));
            assertThat(odd.resolve("hello")).hasContent("hello\n");
            final Program.Result json = Program.run(List.of(ninepin, "status", "--json", odd.toString()), noLocale);
            logs.add(Path.of(JsonParser.parseString(json.output())
                    .getAsJsonObject()
                    .get("log")
                    .getAsString()));
            assertThat(Program.run(List.of(ninepin, "status", odd.toString()), noLocale)
                            .output())
                    .startsWith(oddSource + " on " + odd + "\n");
        } finally {
            assertThat(Program.run(List.of(ninepin, "umount", odd.toString()), noLocale))
                    .isEqualTo(new Program.Result(0, "", ""));
        }
    }

    @Test
    void theDaemonHoldsNothingOfTheTerminal() throws Exception {
        final ProcessHandle daemon = mount();
        final Path proc = Path.of("/proc", Long.toString(daemon.pid()));
        assertThat(Files.readSymbolicLink(proc.resolve("cwd"))).hasToString("/");
        for (final String descriptor : List.of("0", "1", "2")) {
            assertThat(Files.readSymbolicLink(proc.resolve("fd").resolve(descriptor)))
                    .hasToString("/dev/null");
        }
        // The fields are: pid (comm) state ppid pgrp session. The daemon must lead a session of its own.
        final String[] stat = Files.readString(proc.resolve("stat"))
                .replaceAll(".*\\)", "")
                .strip()
                .split(" ", 5);
        assertThat(stat[3]).isEqualTo(Long.toString(daemon.pid()));
    }

    /**
     * A shell keeps such a descriptor open for a lock of flock(1), or for a pipe. If all numbers below 10 are taken, the
     * launcher's shell opens its script without O_CLOEXEC, but closes it when it forks.
     */
    @Test
    void theDaemonHoldsNoFileOfTheProgramThatMounted() throws Exception {
        final Path held = temporary.resolve("held");
        final Program.Result result = Program.run(
                List.of(
                        "bash",
                        "-euc",
                        "for i in {3..10} 23; do eval \"exec $i>'$1'\"; done; flock 9; \"$2\" mount \"$3\" \"$4\";"
                                + " ls -l /proc/$$/fd",
                        "sh",
                        held.toString(),
                        Program.TREE.resolve("ninepin").toString(),
                        source,
                        mountPoint.toString()),
                Map.of());
        assertThat(result.exitCode()).as(result.errors()).isZero();
        final JsonObject status = status();
        logs.add(Path.of(status.get("log").getAsString()));
        final ProcessHandle daemon =
                ProcessHandle.of(status.get("pid").getAsLong()).orElseThrow();
        started.add(daemon);

        try (Stream<Path> descriptors = Files.list(Path.of("/proc", Long.toString(daemon.pid()), "fd"))) {
            for (final Path descriptor : descriptors.toList()) {
                assertThat(Files.readSymbolicLink(descriptor)).isNotEqualTo(held);
            }
        }
        assertThat(result.output()).contains("9 -> " + held, "23 -> " + held);
    }

    /** The server answers only after the kill. */
    @Test
    void aDaemonWhoseCommandIsKilledWhileMountingEnds() throws Exception {
        final Path go = temporary.resolve("go");
        final Path started = temporary.resolve("started");
        try (DiodServer diod = DiodServer.onUnixSocket(share)) {
            final Process mount = start(
                    temporary.resolve("errors"),
                    "mount",
                    "-o",
                    "aname=" + diod.aname(),
                    "exec:sh -c 'touch %s; until [ -e %s ]; do sleep 0.05; done; exec socat - UNIX-CONNECT:%s'"
                            .formatted(started, go, diod.socket()));
            await().atMost(PATIENCE).until(() -> Files.exists(started));
            final List<ProcessHandle> daemons = mount.descendants().toList();
            this.started.addAll(daemons);
            kill("KILL", mount);
            Files.createFile(go);
            await().atMost(PATIENCE).until(() -> daemons.stream().noneMatch(MountLifeIT::isRunning));
        }
        assertThat(isMounted()).isFalse();
    }

    private ProcessHandle mount(final String... options) throws Exception {
        final List<Object> arguments = new ArrayList<>(List.of("mount"));
        arguments.addAll(List.of(options));
        arguments.addAll(List.of(source, mountPoint));
        assertThat(Program.ninepin(arguments.toArray())).isEqualTo(new Program.Result(0, "", ""));
        final JsonObject status = status();
        logs.add(Path.of(status.get("log").getAsString()));
        final ProcessHandle daemon =
                ProcessHandle.of(status.get("pid").getAsLong()).orElseThrow();
        started.add(daemon);
        return daemon;
    }

    private JsonObject status() throws Exception {
        final Program.Result result = Program.ninepin("status", "--json", mountPoint);
        assertThat(result.exitCode()).as(result.errors()).isZero();
        return JsonParser.parseString(result.output()).getAsJsonObject();
    }

    /** Starts ninepin as a shell does, with no signal ignored. The test process may have inherited ignored signals. */
    private Process start(final Path errors, final String... arguments) throws IOException {
        final List<String> command = new ArrayList<>(List.of(
                "env",
                "--default-signal=INT,TERM,HUP",
                Program.TREE.resolve("ninepin").toString()));
        command.addAll(List.of(arguments));
        command.add(mountPoint.toString());
        return started(new ProcessBuilder(command).redirectError(errors.toFile()));
    }

    private static int exitCode(final Process process) {
        await().atMost(PATIENCE).until(() -> !process.isAlive());
        return process.exitValue();
    }

    private Process started(final ProcessBuilder builder) throws IOException {
        final Process process = builder.start();
        started.add(process.toHandle());
        return process;
    }

    private static void kill(final String signal, final Process process) throws Exception {
        assertThat(Program.run(List.of("kill", "-" + signal, Long.toString(process.pid())), Map.of())
                        .exitCode())
                .isZero();
    }

    /** Returns whether {@code process} runs. A zombie does not. */
    private static boolean isRunning(final ProcessHandle process) {
        try {
            return process.isAlive()
                    && !Files.readString(Path.of("/proc", Long.toString(process.pid()), "status"))
                            .contains("State:\tZ");
        } catch (final IOException e) {
            return false;
        }
    }

    private boolean isMounted() throws IOException {
        return Files.readString(Path.of("/proc/self/mountinfo"), UTF_8).contains(" " + mountPoint + " ");
    }

    private static List<Path> sharedMemory() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("/dev/shm"))) {
            return files.toList();
        }
    }
}
