package dev.ninepin.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.daemon.life.ProcessEnd;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of the commands' output and exit codes. Each command runs in its own process; none of them mounts anything. */
class CommandLineTest {
    @TempDir
    private Path temporary;

    @Test
    void theVersionIsTold() throws Exception {
        final Program.Result result = Program.main(List.of(), "--version");
        assertThat(result.exitCode()).isZero();
        assertThat(result.output()).matches("ninepin [0-9]+\\.[0-9]+\\.[0-9]+\\S* \\(Java .*\\)\n");
        assertThat(result.errors()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "mount", "umount", "status", "restart", "run", "devices", "doctor", "help", "mount.ninepin"})
    void everyHelpHasExitCodesAndExamplesOnEightyColumns(final String command) throws Exception {
        final Program.Result result =
                command.isEmpty() ? Program.main(List.of(), "--help") : Program.main(List.of(), command, "--help");
        assertThat(result.exitCode()).isZero();
        assertThat(result.output()).contains("Usage: ", "Exit codes:", "Examples:");
        assertThat(result.output().lines()).allMatch(line -> line.length() <= 80);
    }

    /**
     * Command lines that mount(8) and mount.fuse(8) were observed to use. With -f, everything is checked and nothing
     * mounted.
     */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "mount.ninepin SOURCE DIR -f -v -o rw,noatime,noexec,nosuid,nodev,allow_other,msize=131072,_netdev,nofail,user",
                "mount.ninepin SOURCE DIR -fnv -o rw",
                "mount.ninepin SOURCE DIR -sfnv -o rw,frobnicate -t ninepin.any",
                "mount.ninepin SOURCE DIR -f -v",
                "mount.ninepin -f -v -o ro -o user=bob SOURCE DIR"
            })
    void everyCommandLineOfMountIsUnderstood(final String arguments) throws Exception {
        final Path share = Files.createDirectory(temporary.resolve("share"));
        final Path mountPoint = Files.createDirectory(temporary.resolve("mnt"));
        final Program.Result result = Program.main(
                List.of(),
                arguments
                        .replace("SOURCE", "qemu:" + share)
                        .replace("DIR", mountPoint.toString())
                        .split(" ", -1));
        assertThat(result.errors()).isEmpty();
        assertThat(result.exitCode()).isZero();
        assertThat(result.output()).startsWith("mount.ninepin: qemu:" + share + " on " + mountPoint + " with ");
        assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).doesNotContain(mountPoint.toString());
    }

    @Test
    void aFakeMountFindsWhatARealOneWould() throws Exception {
        final Program.Result result =
                Program.main(List.of(), "mount.ninepin", "qemu:/no/such", temporary.toString(), "-f", "-o", "rw");
        assertThat(result.errors()).contains("the source /no/such does not exist");
        assertThat(result.exitCode()).isEqualTo(32);
    }

    /** A shell variable that is unset must not lead to the working directory. */
    @Test
    void anEmptyPathIsNoDirectory() throws Exception {
        assertThat(Program.main(List.of(), "umount", "").errors())
                .isEqualTo("ninepin: a path is empty: give one; . is this directory\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"status --json", "devices --json", "doctor", "help", "mount --help"})
    void outputThatCannotBeWrittenIsAFailure(final String arguments) throws Exception {
        final Program.Result result = shell("exec \"$@\" >/dev/full", arguments);
        assertThat(result.errors())
                .contains("ninepin: standard output cannot be written to: No space left on device\n")
                .doesNotContain("\tat ");
        assertThat(result.exitCode()).isEqualTo(2);
    }

    /** As in {@code ninepin status | head -1}, where the reader closes the pipe early. */
    @ParameterizedTest
    @ValueSource(strings = {"help", "mount --help", "--version"})
    void aReaderThatHasGoneIsNoFailure(final String arguments) throws Exception {
        final Program.Result result =
                shell("mkfifo \"$0\"; exec 4<>\"$0\" 5>\"$0\"; exec 4>&-; exec \"$@\" >&5 5>&-", arguments);
        assertThat(result).isEqualTo(new Program.Result(0, "", ""));
    }

    /**
     * Runs {@code script} in a shell. In it, {@code "$@"} is the command line of ninepin, and {@code $0} an unused file
     * name.
     */
    private Program.Result shell(final String script, final String arguments) throws Exception {
        final List<String> command = new ArrayList<>(List.of(
                "sh",
                "-c",
                script,
                temporary.resolve("name").toString(),
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "dev.ninepin.cli.Main"));
        command.addAll(List.of(arguments.split(" ", -1)));
        return Program.run(command, Map.of());
    }

    /** Standard output is for the findings of a command. Events on the way belong in the log. */
    @Test
    void doctorPrintsFindingsAndNothingElse() throws Exception {
        final Path share = Files.createDirectory(temporary.resolve("share"));
        final Program.Result result = Program.main(List.of(), "doctor", "qemu:" + share);
        assertThat(result.output().lines()).isNotEmpty().allMatch(line -> line.matches("(ok  |warn|FAIL)  .*"));
        assertThat(result.output()).contains("ok    source: qemu:" + share);
        assertThat(result.errors()).isEmpty();
    }

    @Test
    void whatCannotBeMountedIsOneSentenceAndExitCode32() throws Exception {
        final Path share = Files.createDirectory(temporary.resolve("share"));
        final Path mountPoint = Files.createDirectory(temporary.resolve("mnt"));
        assertMountFails("does not exist: create it first", "qemu:" + share, mountPoint + "/none");
        assertMountFails("the source " + share + "/none does not exist", "qemu:" + share + "/none", mountPoint);
        assertMountFails("is not empty", "qemu:" + share, temporary);
        assertMountFails("is already mounted on /proc", "qemu:" + share, "/proc");
        assertMountFails("start the server that listens there first", "unix:" + share + "/socket", mountPoint);
    }

    private static void assertMountFails(final String part, final Object... arguments) throws Exception {
        final Program.Result result =
                Program.main(List.of(), "mount", arguments[0].toString(), arguments[1].toString());
        assertThat(result.errors()).startsWith("ninepin: ").contains(part).hasLineCount(1);
        assertThat(result.exitCode()).isEqualTo(32);
    }

    /** An error kills the main thread. Nothing may wait for that thread then. */
    @Test
    void aFaultOfOurOwnEndsTheProcessAtOnce() throws Exception {
        final long start = System.nanoTime();
        final Program.Result result = Program.run(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Faulty.class.getName()),
                Map.of());
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.errors()).contains("a bug");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
    }

    @Test
    void theStackTraceIsForThoseWhoAskForIt() throws Exception {
        final Program.Result result = Program.main(List.of(), "mount", "-v", "qemu:/none", temporary.toString());
        assertThat(result.errors()).startsWith("ninepin: the source /none").contains("\tat dev.ninepin.");
        assertThat(result.exitCode()).isEqualTo(32);
    }

    /** People and scripts wait for these commands. Loading native code and logging would double their duration. */
    @ParameterizedTest
    @ValueSource(strings = {"--help", "--version", "status", "status --json", "umount /no/such/mount"})
    void whatNeedsNoMountLoadsNothingNative(final String arguments) throws Exception {
        final Path classes = temporary.resolve("classes");
        Program.main(List.of("-Xlog:class+load:file=" + classes), arguments.split(" ", -1));
        assertThat(Files.readString(classes))
                .contains("dev.ninepin.cli.Main")
                .doesNotContain(" jnr.", " com.kenai.jffi", " ru.serce", " dev.ninepin.fuse.", " ch.qos.logback");
    }

    /** A program with a fault. */
    static final class Faulty {
        private Faulty() {}

        public static void main(final String... arguments) {
            ProcessEnd.takeCharge().exitWith(() -> {
                throw new IllegalStateException("a bug");
            });
        }
    }
}
