package dev.ninepin.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of the helper of mount(8), which the launcher runs under that name, and of mounts through mount.fuse(8). */
class MountHelperIT {
    @TempDir
    private Path temporary;

    private Path mountPoint;
    private String source;
    private Path helper;

    @BeforeEach
    void prepare() throws Exception {
        temporary = temporary.toRealPath();
        final Path share = Files.createDirectory(temporary.resolve("share"));
        Files.writeString(share.resolve("hello"), "hello\n");
        source = "qemu:" + share;
        mountPoint = Files.createDirectory(temporary.resolve("mnt"));
        final Path launcher = Program.TREE.resolve("daemon/target/ninepin");
        assertThat(launcher).isExecutable();
        helper = Files.createSymbolicLink(temporary.resolve("mount.ninepin"), launcher);
        Files.createSymbolicLink(temporary.resolve("ninepin"), launcher);
    }

    @AfterEach
    void leaveNothing() throws Exception {
        if (mounted() != null) {
            Program.ninepin("umount", "-l", mountPoint);
        }
        assertThat(mounted()).isNull();
    }

    @Test
    void theMountIsUsableWhenTheHelperReturnsAndTheKernelEnforcesWhatItCan() throws Exception {
        assertThat(help("-v", "-o", "rw,noatime,noexec,nosuid,nodev,sync,dirsync,allow_other,_netdev,nofail,user")
                        .output())
                .startsWith("mount.ninepin: " + source + " on " + mountPoint + " with rw,");
        assertThat(mountPoint.resolve("hello")).hasContent("hello\n");
        assertThat(flags()).contains("rw", "nosuid", "nodev", "noexec", "noatime", "sync", "dirsync");

        final Path script = mountPoint.resolve("script");
        Files.writeString(script, "#!/bin/sh\n");
        assertThat(script.toFile().setExecutable(true, false)).isTrue();
        assertThat(Program.run(List.of("sh", "-c", script.toString()), Map.of()).errors())
                .contains("Permission denied");
        umount();
    }

    @Test
    void withoutOptionsAMountIsWritableAndHasNoSetUidPrograms() throws Exception {
        help("-n");
        assertThat(flags()).contains("rw", "nosuid", "nodev").doesNotContain("noexec", "noatime", "sync", "dirsync");
        umount();
    }

    @Test
    void aRemountChangesWhatTheKernelEnforces() throws Exception {
        assumeTrue(isRoot(), "only root may remount");
        help("-o", "rw,noexec,allow_other");
        help("-o", "rw,remount,ro,allow_other");
        assertThat(flags()).contains("ro", "nosuid", "nodev").doesNotContain("noexec");
        assertThat(mountPoint.resolve("hello")).hasContent("hello\n");
        umount();
    }

    @Test
    void suidAndDevAreForRoot() throws Exception {
        assertThat(Program.ninepin("mount", "-o", "suid,dev", source, mountPoint))
                .isEqualTo(new Program.Result(0, "", ""));
        if (isRoot()) {
            assertThat(flags()).doesNotContain("nosuid", "nodev");
        } else {
            assertThat(flags()).contains("nosuid", "nodev");
        }
        umount();
    }

    /** autofs passes no environment variables, not even PATH. */
    @Test
    void itNeedsNoEnvironment() throws Exception {
        final Program.Result result = Program.run(
                List.of("env", "-i", helper.toString(), source, mountPoint.toString(), "-o", "ro"), Map.of());
        assertThat(result).isEqualTo(new Program.Result(0, "", ""));
        assertThat(flags()).contains("ro");
        umount();
    }

    /** Runs mount.fuse(8) with the arguments that mount(8) passes, but without mount(8), which would clear PATH. */
    @Test
    void mountFuseFindsNinepinByThePartBehindTheDot() throws Exception {
        assumeTrue(isRoot(), "only root may mount for others");
        final Program.Result result = Program.run(
                List.of(
                        "/sbin/mount.fuse",
                        source,
                        mountPoint.toString(),
                        "-o",
                        "rw,nosuid,noexec,allow_other,msize=131072,nofail",
                        "-t",
                        "fuse.ninepin"),
                Map.of("PATH", temporary + ":" + System.getenv("PATH")));
        assertThat(result).isEqualTo(new Program.Result(0, "", ""));
        assertThat(mountPoint.resolve("hello")).hasContent("hello\n");
        assertThat(flags()).contains("nosuid", "noexec").doesNotContain("nodev");
        umount();
    }

    @Test
    void aFailureIsToldByMountsOwnCode() throws Exception {
        final Program.Result unknown = run("-o", "frobnicate");
        assertThat(unknown.exitCode()).isEqualTo(1);
        assertThat(unknown.errors())
                .startsWith("ninepin: unknown option frobnicate")
                .hasLineCount(1);
        Files.createFile(mountPoint.resolve("in the way"));
        final Program.Result notEmpty = run("-o", "rw");
        assertThat(notEmpty.exitCode()).isEqualTo(32);
        assertThat(notEmpty.errors()).contains("is not empty").hasLineCount(1);
    }

    private Program.Result help(final String... options) throws Exception {
        final Program.Result result = run(options);
        assertThat(result.errors()).isEmpty();
        assertThat(result.exitCode()).isZero();
        return result;
    }

    private Program.Result run(final String... options) throws Exception {
        final List<String> command = new ArrayList<>(List.of(helper.toString(), source, mountPoint.toString()));
        command.addAll(List.of(options));
        return Program.run(command, Map.of());
    }

    private void umount() throws Exception {
        assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(new Program.Result(0, "", ""));
    }

    /** Returns the flags of the mount, followed by those of its file system. */
    private List<String> flags() throws IOException {
        final String line = mounted();
        assertThat(line).isNotNull();
        final List<String> fields = List.of(line.split(" "));
        final List<String> flags = new ArrayList<>(List.of(fields.get(5).split(",")));
        flags.addAll(List.of(fields.get(fields.size() - 1).split(",")));
        return flags;
    }

    private String mounted() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
                .filter(line -> line.contains(" " + mountPoint + " "))
                .findFirst()
                .orElse(null);
    }

    private static boolean isRoot() throws IOException {
        return ((int) Files.getAttribute(Path.of("/proc/self"), "unix:uid")) == 0;
    }
}
