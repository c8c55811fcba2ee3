package dev.ninepin.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of the script {@code ./ninepin}. */
class LauncherIT {
    @TempDir
    private Path temporary;

    @Test
    void itRunsThroughSymbolicLinksFromAnywhere() throws Exception {
        final Path first = Files.createSymbolicLink(temporary.resolve("first"), Program.TREE.resolve("ninepin"));
        final Path directory = Files.createDirectory(temporary.resolve("a directory"));
        Files.createSymbolicLink(directory.resolve("second"), Path.of("../first"));
        final Program.Result result =
                Program.run(List.of("sh", "-c", "cd / && '" + directory + "/second' --version"), Map.of());
        assertThat(first).isSymbolicLink();
        assertThat(result.exitCode()).as(result.errors()).isZero();
        assertThat(result.output()).startsWith("ninepin ");
    }

    @Test
    void optionsForJavaCanBeAdded() throws Exception {
        final Program.Result result = Program.run(
                List.of(Program.TREE.resolve("ninepin").toString(), "--version"),
                Map.of("NINEPIN_JAVA_OPTIONS", "-Xint -XshowSettings:properties"));
        assertThat(result.exitCode()).as(result.errors()).isZero();
        assertThat(result.errors()).contains("java.vm.info = interpreted mode");
    }

    @Test
    void aJavaThatIsTooOldOrMissingIsSaidSo() throws Exception {
        final Path old = Files.createDirectories(temporary.resolve("jdk/bin"));
        Files.writeString(temporary.resolve("jdk/release"), "JAVA_VERSION=\"11.0.2\"\n");
        for (final String tool : List.of("java", "dirname", "readlink", "sed")) {
            final Path script = old.resolve(tool);
            Files.writeString(script, "#!/bin/sh\nexec /usr/bin/" + tool + " \"$@\"\n");
            assertThat(script.toFile().setExecutable(true)).isTrue();
        }
        final Program.Result result = Program.run(
                List.of("/bin/sh", Program.TREE.resolve("ninepin").toString(), "--version"),
                Map.of("PATH", old.toString(), "JAVA_HOME", temporary + "/jdk"));
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.errors())
                .isEqualTo("ninepin: Java 17 or newer is missing: install openjdk-17-jre-headless (Debian) or"
                        + " java-17-openjdk-headless (RHEL), or set JAVA_HOME\n");
    }

    @Test
    void aLimitThatIsTooLowForJavaIsSaidSo() throws Exception {
        final String ninepin = Program.TREE.resolve("ninepin").toString();
        final Program.Result files = Program.run(List.of("prlimit", "--nofile=20", ninepin, "status"), Map.of());
        assertThat(files.errors())
                .isEqualTo(
                        "ninepin: the limit on open files is 20, but ninepin needs 64: raise it (ulimit -n 1024; under"
                                + " systemd LimitNOFILE=)\n");
        assertThat(files.exitCode()).isEqualTo(2);
        final Program.Result enough = Program.run(List.of("prlimit", "--nofile=64", ninepin, "doctor"), Map.of());
        assertThat(enough.errors()).isEmpty();
    }

    /** The limit counts all processes and threads of a user except root. The user of this test has no others. */
    @ParameterizedTest
    @ValueSource(ints = {12, 20, 31})
    void aLimitOnProcessesThatIsTooLowIsSaidSo(final int processes) throws Exception {
        final String ninepin = Program.TREE.resolve("daemon/target/ninepin").toString();
        final Program.Result result = Program.run(
                List.of(
                        "setpriv",
                        "--reuid=45678",
                        "--regid=45678",
                        "--clear-groups",
                        "prlimit",
                        "--nproc=" + processes,
                        ninepin,
                        "status"),
                Map.of());
        assertThat(result.errors())
                .startsWith(
                        "ninepin: the limit on processes and threads is " + processes + ", too low for Java: raise it");
        assertThat(result.exitCode()).isEqualTo(2);
    }

    @Test
    void anOldJavaHomeDoesNotHideANewerJavaInPath() throws Exception {
        final Path bin = Files.createDirectories(temporary.resolve("jdk/bin"));
        Files.writeString(temporary.resolve("jdk/release"), "JAVA_VERSION=\"1.8.0_292\"\n");
        Files.writeString(bin.resolve("java"), "#!/bin/sh\nexit 99\n");
        assertThat(bin.resolve("java").toFile().setExecutable(true)).isTrue();
        final Path real = Path.of(System.getProperty("java.home"), "bin");
        final Program.Result result = Program.run(
                List.of(Program.TREE.resolve("ninepin").toString(), "--version"),
                Map.of("PATH", real + ":/usr/bin:/bin", "JAVA_HOME", temporary + "/jdk"));
        assertThat(result.exitCode()).as(result.errors()).isZero();
    }

    /** automount(8) starts mount(8) with SIGUSR1 ignored. */
    @ParameterizedTest
    @ValueSource(strings = {"--ignore-signal", "--block-signal", "--block-signal=CHLD", "--ignore-signal=CHLD"})
    void aMountIsUsableWhateverSignalsItsStarterTakes(final String how) throws Exception {
        final Path share = Files.createDirectory(temporary.resolve("share"));
        Files.writeString(share.resolve("file"), "written");
        final Path mountPoint = Files.createDirectory(temporary.resolve("mnt"));
        final Program.Result mount = Program.run(
                List.of(
                        "env",
                        how,
                        Program.TREE.resolve("ninepin").toString(),
                        "mount",
                        "qemu:" + share,
                        mountPoint.toString()),
                Map.of());
        assertThat(mount).isEqualTo(new Program.Result(0, "", ""));
        assertThat(mountPoint.resolve("file")).hasContent("written");
        assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(new Program.Result(0, "", ""));

        final Program.Result failure = Program.run(
                List.of(
                        "env",
                        how,
                        Program.TREE.resolve("ninepin").toString(),
                        "mount",
                        "unix:/none",
                        mountPoint.toString()),
                Map.of());
        assertThat(failure.exitCode()).as(failure.errors()).isEqualTo(32);
    }

    /** Java as it is run by hand. */
    @Test
    void aMountInTheBackgroundTakesTheLauncher() throws Exception {
        final Program.Result result = Program.main(List.of(), "mount", "exec:true", temporary.toString());
        assertThat(result.errors())
                .startsWith("ninepin: to mount in the background, start the program ninepin and not Java");
        assertThat(result.exitCode()).isEqualTo(1);
    }

    @Test
    void aJavaThatIsKilledIsSaidSo() throws Exception {
        final Path bin = Files.createDirectories(temporary.resolve("jdk/bin"));
        Files.writeString(temporary.resolve("jdk/release"), "JAVA_VERSION=\"17.0.1\"\n");
        Files.writeString(bin.resolve("java"), "#!/bin/sh\nkill -KILL $$\n");
        assertThat(bin.resolve("java").toFile().setExecutable(true)).isTrue();
        final Program.Result result = Program.run(
                List.of(Program.TREE.resolve("ninepin").toString(), "mount", "exec:true", "/none"),
                Map.of("JAVA_HOME", temporary + "/jdk"));
        assertThat(result.errors())
                .startsWith("ninepin: the process that serves the mount ended with status 137 before the mount was"
                        + " usable");
        assertThat(result.exitCode()).isEqualTo(2);
    }

    /** Java handles signals only once it has started. */
    @Test
    void anInterruptBeforeJavaHasStartedIsToldAsAnInterrupt() throws Exception {
        final Path bin = Files.createDirectories(temporary.resolve("jdk/bin"));
        Files.writeString(temporary.resolve("jdk/release"), "JAVA_VERSION=\"17.0.1\"\n");
        final Path started = temporary.resolve("started");
        Files.writeString(bin.resolve("java"), "#!/bin/sh\ntouch " + started + "\nexec sleep 100\n");
        assertThat(bin.resolve("java").toFile().setExecutable(true)).isTrue();
        final Path errors = temporary.resolve("errors");
        final Process mount = Program.start(
                List.of(
                        "env",
                        "--default-signal=INT",
                        Program.TREE.resolve("ninepin").toString(),
                        "mount",
                        "exec:true",
                        "/none"),
                Map.of("JAVA_HOME", temporary + "/jdk"),
                temporary.resolve("output"),
                errors);
        await().until(() -> Files.exists(started));
        Program.run(List.of("kill", "-INT", Long.toString(mount.pid())), Map.of());
        assertThat(mount.waitFor()).isEqualTo(8);
        assertThat(errors).hasContent("ninepin: interrupted; nothing is mounted\n");
    }

    /** Java's own files would get the numbers of the closed streams, and be replaced when the mount detaches. */
    @Test
    void aMountWorksWithoutStandardStreams() throws Exception {
        final Path share = Files.createDirectory(temporary.resolve("share"));
        final Path mountPoint = Files.createDirectory(temporary.resolve("mnt"));
        final String ninepin = Program.TREE.resolve("ninepin").toString();
        final Program.Result mount = Program.run(
                List.of(
                        "sh",
                        "-c",
                        "\"$0\" mount \"$1\" \"$2\" <&- >&- 2>&-",
                        ninepin,
                        "qemu:" + share,
                        mountPoint.toString()),
                Map.of());
        assertThat(mount.exitCode()).isZero();
        Files.writeString(mountPoint.resolve("file"), "written");
        assertThat(share.resolve("file")).hasContent("written");
        assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(new Program.Result(0, "", ""));
    }
}
