package dev.ninepin.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.ninepin.testing.DiodServer;
import dev.ninepin.testing.Python;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests of {@code ninepin restart}, with the packaged program, real servers, and programs that check their own results.
 */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RestartIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Program.Result DONE = new Program.Result(0, "", "");

    /** The common part of the programs below. */
    private static final String START = """
            import errno, fcntl, mmap, os, sys, threading, time

            def ready():
                print('ready', flush=True)
                assert sys.stdin.readline()

            def write(name, data):
                with open(name, 'wb') as file:
                    file.write(data)
            """;

    @TempDir
    private Path temporary;

    private Path export;
    private Path mountPoint;
    private final List<Process> programs = new ArrayList<>();

    @BeforeEach
    void makeShare() throws Exception {
        temporary = temporary.toRealPath();
        export = Files.createDirectory(temporary.resolve("share"));
        mountPoint = Files.createDirectory(temporary.resolve("mnt"));
    }

    @AfterEach
    void leaveNothing() throws Exception {
        programs.forEach(Process::destroyForcibly);
        if (Files.readString(Path.of("/proc/self/mountinfo")).contains(" " + mountPoint + " ")) {
            Program.ninepin("umount", "-f", mountPoint);
        }
    }

    private void mount(final String source, final String options) throws Exception {
        assertThat(Program.ninepin("mount", "-o", options, source, mountPoint)).isEqualTo(DONE);
    }

    private int requestsInProgress() throws Exception {
        return status().getAsJsonObject("files").get("requests_in_progress").getAsInt();
    }

    private JsonObject status() throws Exception {
        final Program.Result result = Program.ninepin("status", "--json", mountPoint);
        assertThat(result.exitCode()).as(result.errors()).isZero();
        return JsonParser.parseString(result.output()).getAsJsonObject();
    }

    /** A Python program in the mount's directory that prints a line when it is ready, and then waits for a line. */
    private final class Checker {
        private final Process process;
        private final BufferedReader output;

        Checker(final String script) throws IOException {
            process = new ProcessBuilder(Python.COMMAND, "-c", START + script, export.toString())
                    .directory(mountPoint.toFile())
                    .redirectErrorStream(true)
                    .start();
            programs.add(process);
            output = process.inputReader(UTF_8);
        }

        void awaitReady() throws IOException {
            final String line = output.readLine();
            if (!"ready".equals(line)) {
                throw new AssertionError(
                        line + "\n" + String.join("\n", output.lines().toList()));
            }
        }

        void goOn() throws IOException {
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
        }

        void awaitSuccess() throws InterruptedException {
            assertThat(String.join("\n", output.lines().toList())).isEmpty();
            assertThat(process.waitFor()).isZero();
        }
    }

    private static final String EVERYTHING = """
            os.mkdir('directory')
            for n in range(2000):
                write('directory/%04d' % n, b'')
            write('file', b'before')
            fd = os.open('file', os.O_RDWR)
            write('renamed', b'renamed')
            renamed = os.open('renamed', os.O_RDWR)
            os.rename('renamed', 'directory/other')
            removed = os.open('removed', os.O_RDWR | os.O_CREAT)
            os.write(removed, b'still here')
            os.unlink('removed')
            replaced = os.open('replaced', os.O_RDWR | os.O_CREAT)
            os.write(replaced, b'replaced')
            write('by', b'by another')
            os.rename('by', 'replaced')
            unnamed = os.open('.', os.O_RDWR | os.O_TMPFILE)
            os.write(unnamed, b'no name')
            readonly = os.open('readonly', os.O_RDWR | os.O_CREAT, 0o444)
            appended = os.open('appended', os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.write(appended, b'start')
            write('mapped', bytes(8192))
            mapped = open('mapped', 'r+b')
            memory = mmap.mmap(mapped.fileno(), 8192)
            memory[0:6] = b'before'
            fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 4, 0)
            fcntl.flock(renamed, fcntl.LOCK_SH)
            os.mkdir('gone')
            gone = os.open('gone', os.O_RDONLY)
            os.rmdir('gone')
            os.chdir('directory')
            listing = os.scandir('.')
            seen = [next(listing).name for n in range(10)]
            rounds = 0
            while True:
                ready()
                rounds += 1
                line = b'%06d' % rounds
                assert os.pwrite(fd, line, 0) == 6
                assert os.pread(fd, 6, 0) == line
                assert os.pread(renamed, 20, 0) == b'renamed'
                assert os.pread(removed, 20, 0) == b'still here'
                assert os.pread(replaced, 20, 0) == b'replaced'
                assert os.pread(unnamed, 20, 0) == b'no name'
                assert os.write(readonly, line) == 6
                assert os.write(appended, line) == 6
                assert memory[0:6] == (b'before' if rounds == 1 else b'%06d' % (rounds - 1)), memory[0:6]
                memory[0:6] = line
                memory.flush()
                assert os.getcwd().endswith('/directory')
                assert os.fstat(gone).st_nlink == 0
                assert os.stat('0005').st_size == 0
                write('new', line)
                os.rename('new', 'newer')
                assert open('newer', 'rb').read() == line
                os.fsync(fd)
                child = os.fork()
                if child == 0:
                    try:
                        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 1)
                        os._exit(1)
                    except BlockingIOError:
                        os._exit(0)
                assert os.waitpid(child, 0)[1] == 0, 'the lock is lost'
                seen += [next(listing).name for n in range(100)]
                if rounds == ROUNDS:
                    break
            seen += [each.name for each in listing]
            assert sorted(set(seen) - {'other', 'newer', 'new'}) == ['%04d' % n for n in range(2000)], len(seen)
            assert len(seen) == len(set(seen))
            os.chdir('..')
            for each in fd, renamed, removed, replaced, unnamed, readonly, appended, gone:
                os.close(each)
            S = sys.argv[1]
            assert open(S + '/appended', 'rb').read() == b'start' + b''.join(b'%06d' % (n + 1) for n in range(ROUNDS))
            assert open(S + '/mapped', 'rb').read()[0:6] == line
            assert open(S + '/replaced', 'rb').read() == b'by another'
            assert open(S + '/directory/other', 'rb').read() == b'renamed'
            """;

    private void assertEverythingGoesOn(final int rounds) throws Exception {
        final Checker checker = new Checker("ROUNDS = " + rounds + "\n" + EVERYTHING);
        checker.awaitReady();
        final JsonObject before = status();
        for (int round = 1; round <= rounds; round++) {
            assertThat(Program.ninepin("restart", mountPoint)).isEqualTo(DONE);
            checker.goOn();
            if (round < rounds) {
                checker.awaitReady();
            }
        }
        checker.awaitSuccess();
        final JsonObject after = status();
        assertThat(after.get("pid")).isEqualTo(before.get("pid"));
        assertThat(after.get("since")).isEqualTo(before.get("since"));
        assertThat(after.get("connection")).isEqualTo(before.get("connection"));
        assertThat(before.has("restarted")).isFalse();
        assertThat(after.has("restarted")).isTrue();
        assertThat(after.get("log")).isEqualTo(before.get("log"));
        assertThat(hidden()).isEmpty();
        assertNoZombies(after.get("pid").getAsLong());
        assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(DONE);
        Files.deleteIfExists(Path.of(after.get("log").getAsString()));
    }

    private List<Path> hidden() throws IOException {
        try (var all = Files.walk(export)) {
            return all.filter(each -> each.getFileName().toString().startsWith(".ninepin-"))
                    .toList();
        }
    }

    private static void assertNoZombies(final long daemon) {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(
                        ProcessHandle.of(daemon).orElseThrow().children().filter(child -> {
                            try {
                                return Files.readString(Path.of("/proc/" + child.pid() + "/status"))
                                        .contains("State:\tZ");
                            } catch (final IOException e) {
                                return false;
                            }
                        }))
                .as("processes that nobody waits for")
                .isEmpty());
    }

    @Test
    void everythingGoesOnOverDiod() throws Exception {
        try (DiodServer diod = DiodServer.onUnixSocket(export)) {
            mount("unix:" + diod.socket(), "locks=remote,aname=" + diod.aname());
            assertEverythingGoesOn(4);
        }
    }

    @Test
    void everythingGoesOnOverDiodOnTcp() throws Exception {
        try (DiodServer diod = DiodServer.onTcp(export)) {
            mount("tcp:localhost:" + diod.port(), "aname=" + diod.aname());
            assertEverythingGoesOn(2);
        }
    }

    @Test
    void everythingGoesOnOverQemu() throws Exception {
        mount("qemu:" + export, "cache=open");
        assertEverythingGoesOn(3);
    }

    @Test
    void everythingGoesOnOverACommand() throws Exception {
        mount(
                "exec:" + String.join(" ", DiodServer.commandOnPipes(export)),
                "cache=loose,aname=" + DiodServer.aname(export));
        assertEverythingGoesOn(2);
    }

    /** Programs that run until the test ends, and check the data that they read and write. */
    private static final String LOAD = """
            stop = False
            errors = []

            def work(number):
                try:
                    name = 'worker%d' % number
                    os.mkdir(name)
                    fd = os.open(name + '/log', os.O_RDWR | os.O_CREAT | os.O_APPEND)
                    count = 0
                    while not stop:
                        count += 1
                        line = b'%08d\\n' % count
                        assert os.write(fd, line) == 9
                        if count % 10 == 0:
                            os.fsync(fd)
                        assert os.pread(fd, 9, 9 * (count - 1)) == line, count
                        write(name + '/new', line * 100)
                        os.rename(name + '/new', name + '/data')
                        with open(name + '/data', 'rb') as file:
                            assert file.read() == line * 100, count
                        assert sorted(os.listdir(name)) == ['data', 'log'], os.listdir(name)
                        kept = os.open(name + '/kept', os.O_RDWR | os.O_CREAT | os.O_EXCL)
                        os.unlink(name + '/kept')
                        os.write(kept, line)
                        assert os.pread(kept, 9, 0) == line
                        os.close(kept)
                    os.close(fd)
                    with open(sys.argv[1] + '/' + name + '/log', 'rb') as file:
                        assert file.read() == b''.join(b'%08d\\n' % (n + 1) for n in range(count))
                except BaseException as e:
                    errors.append('%d: %r' % (number, e))

            threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
            for each in threads:
                each.start()
            ready()
            stop = True
            for each in threads:
                each.join()
            assert not errors, errors
            """;

    private void assertNothingIsLostUnderLoad(final int restarts) throws Exception {
        final Checker load = new Checker(LOAD);
        load.awaitReady();
        for (int round = 0; round < restarts; round++) {
            assertThat(Program.ninepin("restart", mountPoint)).isEqualTo(DONE);
        }
        load.goOn();
        load.awaitSuccess();
        final JsonObject after = status();
        assertThat(hidden()).isEmpty();
        assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(DONE);
        Files.deleteIfExists(Path.of(after.get("log").getAsString()));
    }

    @Test
    void nothingIsLostUnderLoadOverDiod() throws Exception {
        try (DiodServer diod = DiodServer.onUnixSocket(export)) {
            mount("unix:" + diod.socket(), "aname=" + diod.aname());
            assertNothingIsLostUnderLoad(8);
        }
    }

    @Test
    void nothingIsLostUnderLoadOverQemu() throws Exception {
        mount("qemu:" + export, "cache=open");
        assertNothingIsLostUnderLoad(6);
    }

    @Test
    void programsThatWaitForALockWaitOn() throws Exception {
        try (DiodServer diod = DiodServer.onUnixSocket(export)) {
            mount("unix:" + diod.socket(), "locks=remote,aname=" + diod.aname());
            final Checker checker = new Checker("""
                    import subprocess
                    fd = os.open('file', os.O_RDWR | os.O_CREAT)
                    fcntl.lockf(fd, fcntl.LOCK_EX)
                    def waiter(name, lock):
                        return subprocess.Popen([sys.executable, '-c', 'import fcntl, os, sys; fd = os.open("' + name
                            + '", os.O_RDWR); ' + lock + '; print("locked", flush=True); sys.stdin.read()'],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                    killed = waiter('file', 'fcntl.lockf(fd, fcntl.LOCK_EX)')
                    here = waiter('file', 'fcntl.lockf(fd, fcntl.LOCK_EX)')
                    open('other', 'w').close()
                    other = open(sys.argv[1] + '/other', 'w')
                    fcntl.flock(other, fcntl.LOCK_EX)
                    there = waiter('other', 'fcntl.flock(fd, fcntl.LOCK_EX)')
                    ready()
                    killed.kill()
                    assert killed.wait() == -9
                    assert here.poll() is None and there.poll() is None
                    fcntl.lockf(fd, fcntl.LOCK_UN)
                    assert here.stdout.readline().strip() == b'locked'
                    fcntl.flock(other, fcntl.LOCK_UN)
                    assert there.stdout.readline().strip() == b'locked'
                    try:
                        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        assert False
                    except BlockingIOError:
                        pass
                    here.communicate(b'')
                    there.communicate(b'')
                    fcntl.lockf(fd, fcntl.LOCK_EX)
                    """);
            checker.awaitReady();
            await().atMost(PATIENCE).until(() -> requestsInProgress() == 3);
            for (int round = 0; round < 3; round++) {
                assertThat(Program.ninepin("restart", mountPoint)).isEqualTo(DONE);
            }
            checker.goOn();
            checker.awaitSuccess();
            final Path log = Path.of(status().get("log").getAsString());
            assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(DONE);
            Files.deleteIfExists(log);
        }
    }

    @Test
    void theHelperOfMountAndTheForegroundGoOn() throws Exception {
        final String launcher = Program.TREE.resolve("ninepin").toString();
        assertThat(Program.run(
                        List.of(
                                launcher,
                                "mount.ninepin",
                                "qemu:" + export,
                                mountPoint.toString(),
                                "-o",
                                "rw,cache=open"),
                        Map.of()))
                .isEqualTo(DONE);
        Files.writeString(mountPoint.resolve("file"), "contents");
        assertThat(Program.ninepin("restart", mountPoint)).isEqualTo(DONE);
        assertThat(export.resolve("file")).hasContent("contents");
        assertThat(status().get("options").getAsString()).isEqualTo("rw,cache=open");
        final Path log = Path.of(status().get("log").getAsString());
        assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(DONE);
        Files.deleteIfExists(log);

        final Path errors = temporary.resolve("errors");
        // The shell would access PWD, which is on the mount that no program serves.
        final ProcessBuilder builder = new ProcessBuilder(launcher, "mount", "-f", "qemu:" + export, ".")
                .directory(mountPoint.toFile())
                .redirectError(errors.toFile());
        builder.environment().put("PWD", mountPoint.toString());
        builder.environment().put("PATH", mountPoint + ":" + System.getenv("PATH"));
        final Process foreground = builder.start();
        programs.add(foreground);
        await().atMost(PATIENCE)
                .until(() -> Program.ninepin("status", mountPoint).exitCode() == 0);
        for (int round = 0; round < 2; round++) {
            assertThat(Program.ninepin("restart", mountPoint)).isEqualTo(DONE);
            assertThat(mountPoint.resolve("file")).hasContent("contents");
        }
        assertThat(errors).content().contains("The installed program takes over");
        foreground.destroy();
        assertThat(foreground.waitFor()).isZero();
        assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).doesNotContain(mountPoint.toString());
    }

    @Test
    void aFileThatCannotBeOpenedAgainKeepsTheProgram() throws Exception {
        mount("qemu:" + export, "cache=open");
        final Checker checker = new Checker("""
                fd = os.open('file', os.O_RDWR | os.O_CREAT)
                os.write(fd, b'here')
                ready()
                assert os.pread(fd, 4, 0) == b'here'
                """);
        checker.awaitReady();
        Files.delete(export.resolve("file"));
        final Program.Result refused = Program.ninepin("restart", mountPoint);
        assertThat(refused.exitCode()).isEqualTo(32);
        assertThat(refused.errors())
                .startsWith("ninepin: cannot restart " + mountPoint + ": /file is open, and cannot be opened again: ");
        checker.goOn();
        checker.awaitSuccess();
        assertThat(status().has("restarted")).isFalse();
    }

    @Test
    void aMountThatDoesNotReconnectIsNotRestarted() throws Exception {
        mount("qemu:" + export, "noreconnect");
        assertThat(Program.ninepin("restart", mountPoint).errors()).contains("the mount has the option noreconnect");
        assertThat(Program.ninepin("restart", "--all").exitCode()).isEqualTo(32);
        Files.writeString(mountPoint.resolve("file"), "it goes on");
    }

    /** Returns the launcher of a copy of the packaged program. */
    private Path copyOfProgram() throws Exception {
        final Path copy = Files.createDirectory(temporary.resolve("program"));
        final Path built = Program.TREE.resolve("daemon/target");
        for (final String name : List.of("lib", "native", "ninepin.jar", "ninepin")) {
            assertThat(new ProcessBuilder("cp", "-a", built.resolve(name).toString(), copy.toString())
                            .start()
                            .waitFor())
                    .isZero();
        }
        return copy.resolve("ninepin");
    }

    @Test
    void aServerThatGoesAwayInThePauseIsWaitedFor() throws Exception {
        final Path launcher = copyOfProgram();
        try (DiodServer diod = DiodServer.onUnixSocket(export)) {
            final String source = "unix:" + diod.socket();
            assertThat(Program.run(
                            List.of(
                                    launcher.toString(),
                                    "mount",
                                    "-o",
                                    "aname=" + diod.aname(),
                                    source,
                                    mountPoint.toString()),
                            Map.of()))
                    .isEqualTo(DONE);
            final int connection = status().get("connection").getAsInt();
            final Path log = Path.of(status().get("log").getAsString());
            final Checker checker = new Checker("""
                    fd = os.open('file', os.O_RDWR | os.O_CREAT)
                    os.write(fd, b'here')
                    ready()
                    assert os.pread(fd, 4, 0) == b'here'
                    """);
            checker.awaitReady();
            // The server is killed after the earlier program has ended, and before the new one begins.
            Files.move(launcher, launcher.resolveSibling("real"));
            Files.writeString(
                    launcher,
                    "#!/bin/sh\ncase $* in *--take-over=*) kill -9 "
                            + diod.process().pid() + " ;; esac\nexec /bin/sh \"${0%/*}/real\" \"$@\"\n");
            assertThat(launcher.toFile().setExecutable(true)).isTrue();
            final Process restart = Program.start(
                    List.of(Program.TREE.resolve("ninepin").toString(), "restart", mountPoint.toString()),
                    Map.of(),
                    temporary.resolve("out"),
                    temporary.resolve("err"));
            programs.add(restart);
            await().atMost(PATIENCE)
                    .until(() -> Files.readString(log).contains("Cannot take over " + mountPoint + " yet"));

            final Process waiting = new ProcessBuilder("ls", mountPoint.toString()).start();
            await().atMost(PATIENCE)
                    .until(() -> !Files.readString(Path.of("/sys/fs/fuse/connections/" + connection + "/waiting"))
                            .equals("0\n"));
            waiting.destroyForcibly();
            assertThat(waiting.waitFor(30, TimeUnit.SECONDS)).isTrue();

            diod.kill();
            diod.restart();
            assertThat(restart.waitFor()).isZero();
            checker.goOn();
            checker.awaitSuccess();
            assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(DONE);
            Files.deleteIfExists(log);
        }
    }

    @Test
    void aProgramThatCannotTakeOverIsNotExecuted() throws Exception {
        final Path launcher = copyOfProgram();
        final String script = Files.readString(launcher);
        assertThat(Program.run(
                        List.of(launcher.toString(), "mount", "qemu:" + export, mountPoint.toString()), Map.of()))
                .isEqualTo(DONE);
        final Path log = Path.of(status().get("log").getAsString());

        Files.writeString(launcher, "#!/bin/sh\necho 2\n");
        assertThat(Program.ninepin("restart", mountPoint).errors())
                .contains("the installed program reads states of version 2, but this one writes version 1");
        Files.writeString(launcher, "#!/bin/sh\necho 'ninepin: unknown option' >&2\nexit 1\n");
        assertThat(Program.ninepin("restart", mountPoint).errors())
                .contains("the installed program cannot take over a mount: ninepin: unknown option");
        Files.delete(launcher);
        assertThat(Program.ninepin("restart", mountPoint).errors()).contains("the installed program cannot be started");
        // The program answers, but cannot be executed afterwards.
        Files.writeString(launcher, "#!/bin/sh\nrm -f \"$0\"\necho 1\n");
        assertThat(launcher.toFile().setExecutable(true)).isTrue();
        assertThat(Program.ninepin("restart", mountPoint).errors()).contains("cannot be executed: No such file");
        Files.writeString(mountPoint.resolve("file"), "it goes on");
        assertThat(export.resolve("file")).hasContent("it goes on");

        Files.writeString(launcher, script);
        assertThat(launcher.toFile().setExecutable(true)).isTrue();
        assertThat(Program.ninepin("restart", mountPoint)).isEqualTo(DONE);
        assertThat(mountPoint.resolve("file")).hasContent("it goes on");
        assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(DONE);
        Files.deleteIfExists(log);
    }

    @Test
    void aDirectoryWithoutAMountIsNotRestarted() throws Exception {
        final Program.Result result = Program.ninepin("restart", mountPoint);
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.errors()).contains(mountPoint + " is not a Ninepin mount");
        assertThat(Program.ninepin("restart").exitCode()).isEqualTo(1);
        assertThat(Program.ninepin("restart", "--all", mountPoint).exitCode()).isEqualTo(1);
    }
}
