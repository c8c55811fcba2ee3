package dev.ninepin.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the commands say and how they end, each in a process of its own; nothing gets mounted here. */
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
    @ValueSource(strings = {"", "mount", "umount", "status", "run", "devices", "doctor", "mount.ninepin"})
    void everyHelpHasExitCodesAndExamplesOnEightyColumns(final String command) throws Exception {
        final Program.Result result =
                command.isEmpty() ? Program.main(List.of(), "--help") : Program.main(List.of(), command, "--help");
        assertThat(result.exitCode()).isZero();
        assertThat(result.output()).contains("Usage: ", "Exit codes:", "Examples:");
        assertThat(result.output().lines()).allMatch(line -> line.length() <= 80);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "| a command is missing: mount, umount, status, run, devices, doctor",
                "umuont /x | unknown command umuont: did you mean umount?",
                "frobnicate | unknown command frobnicate; there are mount, umount, status, run, devices, doctor",
                "mount qemu:/srv | Missing required parameter: 'DIR'",
                "mount -x qemu:/srv /mnt | Unknown option: '-x'",
                "mount -o mszie=1 qemu:/srv /mnt | unknown option mszie: did you mean msize?",
                "mount -o ro -o cahce=none qemu:/srv /mnt | unknown option cahce: did you mean cache?",
                "mount host:share /mnt | the source host:share starts with no known scheme",
                "mount -o driver=uio qemu:/srv /mnt | option driver= is about virtio devices, and qemu:/srv is none",
                "mount /srv/share /mnt | the source /srv/share does not say how to reach it: qemu:/srv/share mounts a directory",
                "umount | Missing required parameter: 'DIR'",
                "umount /no/such/mount | /no/such/mount is not a mount of ninepin's; ninepin status lists those that there are",
                "umount / | / is not a mount of ninepin's",
                "status /no/such/mount | /no/such/mount is not a mount of ninepin's",
                "status --jsno | Unknown option: '--jsno'",
                "run /no/such.conf | there is no /no/such.conf: ninepin.conf(5) says what goes into it",
                "mount.ninepin qemu:/srv | Missing required parameter: 'DIR'",
                "mount.ninepin qemu:/srv /mnt -N /proc/1/ns/mnt | mounting in another namespace is not possible",
                "mount.ninepin qemu:/srv /mnt -o rw,frobnicate | unknown option frobnicate",
                "qemu:/srv /mnt -o rw,frobnicate | unknown option frobnicate"
            })
    void wrongUseIsOneSentenceAndExitCodeOne(final String arguments, final String sentence) throws Exception {
        final Program.Result result =
                Program.main(List.of(), arguments == null ? new String[0] : arguments.split(" ", -1));
        assertThat(result.errors()).startsWith("ninepin: " + sentence).doesNotContain("\tat ");
        assertThat(result.output()).isEmpty();
        assertThat(result.exitCode()).isEqualTo(1);
    }

    /** As mount(8) and mount.fuse(8) were seen to call it; -f has everything checked and nothing mounted. */
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

    /** A variable that was not set must not lead to the working directory. */
    @Test
    void anEmptyPathIsNoDirectory() throws Exception {
        assertThat(Program.main(List.of(), "umount", "").errors())
                .isEqualTo("ninepin: a path is empty: give one; . is this directory\n");
    }

    @Test
    void aStatusThatCannotBeWrittenIsAFailure() throws Exception {
        final Program.Result result = Program.run(
                List.of(
                        "sh",
                        "-c",
                        "exec \"$@\" >/dev/full",
                        "sh",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "dev.ninepin.cli.Main",
                        "status",
                        "--json"),
                Map.of());
        assertThat(result.errors()).contains("could not be written");
        assertThat(result.exitCode()).isEqualTo(2);
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

    /** Its main thread dies of it; nothing may wait for that thread then. */
    @Test
    void aFaultOfOurOwnEndsTheProcessAtOnce() throws Exception {
        final long start = System.nanoTime();
        final Program.Result result = Program.run(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "dev.ninepin.daemon.Daemon",
                        "one word too few"),
                Map.of());
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.errors()).contains("IndexOutOfBounds");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
    }

    @Test
    void theStackTraceIsForThoseWhoAskForIt() throws Exception {
        final Program.Result result = Program.main(List.of(), "mount", "-v", "qemu:/none", temporary.toString());
        assertThat(result.errors()).startsWith("ninepin: the source /none").contains("\tat dev.ninepin.");
        assertThat(result.exitCode()).isEqualTo(32);
    }

    /** These are waited for by people and scripts; native code and logs would double the time. */
    @ParameterizedTest
    @ValueSource(strings = {"--help", "--version", "status", "status --json", "umount /no/such/mount"})
    void whatNeedsNoMountLoadsNothingNative(final String arguments) throws Exception {
        final Path classes = temporary.resolve("classes");
        Program.main(List.of("-Xlog:class+load:file=" + classes), arguments.split(" ", -1));
        assertThat(Files.readString(classes))
                .contains("dev.ninepin.cli.Main")
                .doesNotContain(" jnr.", " com.kenai.jffi", " ru.serce", " dev.ninepin.fuse.", " ch.qos.logback");
    }
}
