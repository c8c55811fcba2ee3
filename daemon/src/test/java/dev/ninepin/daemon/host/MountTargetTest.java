package dev.ninepin.daemon.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MountTargetTest {
    private static final MountTable NOTHING_MOUNTED = MountTable.parse("");

    @TempDir
    private Path temporary;

    private Path directory;

    @BeforeEach
    void makeDirectory() throws Exception {
        directory = Files.createDirectory(temporary.toRealPath().resolve("mnt"));
    }

    @Test
    void anEmptyDirectoryWillDo() throws Exception {
        MountTarget.check(directory, NOTHING_MOUNTED);
    }

    @Test
    void aMissingDirectoryIsRefused() {
        assertThat(refusal(directory.resolve("none"), NOTHING_MOUNTED))
                .isEqualTo("the mount point " + directory + "/none does not exist: create it first (mkdir -p "
                        + directory + "/none)");
    }

    @Test
    void aLinkThatLeadsNowhereIsRefused() throws Exception {
        assertThat(refusal(Files.createSymbolicLink(directory.resolve("link"), Path.of("none")), NOTHING_MOUNTED))
                .contains("is a dangling symbolic link");
    }

    @Test
    void aFileIsRefused() throws Exception {
        assertThat(refusal(Files.createFile(directory.resolve("file")), NOTHING_MOUNTED))
                .contains("is not a directory");
    }

    @Test
    void aDirectoryWithSomethingInItIsRefused() throws Exception {
        Files.createFile(directory.resolve(".hidden"));
        assertThat(refusal(directory, NOTHING_MOUNTED)).contains("is not empty", "choose an empty directory");
    }

    @Test
    void aMountPointIsRefusedWithTheCommandThatFreesIt() {
        assertThat(refusal(directory, mounted("fuse.ninepin", "qemu:/srv")))
                .isEqualTo("qemu:/srv is already mounted on " + directory + ": unmount it first (ninepin umount "
                        + directory + "), or choose another directory");
        assertThat(refusal(directory, mounted("tmpfs", "tmpfs"))).contains("(umount " + directory + ")");
    }

    @Test
    void anAutomountersOwnMountWaitsForOurs() throws Exception {
        MountTarget.check(directory, mounted("autofs", "systemd-1"));
    }

    @Test
    void symbolicLinksAreFollowedToTheNameThatTheKernelLists() throws Exception {
        final Path link = Files.createSymbolicLink(temporary.resolve("link"), directory);
        final Path inside = Files.createDirectory(directory.resolve("inside"));
        assertThat(MountTarget.resolve(link, NOTHING_MOUNTED)).isEqualTo(directory);
        assertThat(MountTarget.resolve(link.resolve("inside/../inside/."), NOTHING_MOUNTED))
                .isEqualTo(inside);
        assertThat(MountTarget.resolve(Path.of("/"), NOTHING_MOUNTED)).isEqualTo(Path.of("/"));
    }

    /**
     * Accessing a mount may block forever, so the lookup must not access it. This test proves that with a path that
     * does not exist.
     */
    @Test
    void aMountIsFoundWithoutTouchingIt() {
        final Path gone = directory.resolve("gone");
        final MountTable table = MountTable.parse("9 1 0:9 / " + gone + " rw - fuse.ninepin x rw");
        assertThat(MountTarget.resolve(gone, table)).isEqualTo(gone);
    }

    private MountTable mounted(final String type, final String source) {
        return MountTable.parse("9 1 0:9 / " + directory + " rw - " + type + " " + source + " rw");
    }

    private static String refusal(final Path directory, final MountTable table) {
        final NinepinException e =
                catchThrowableOfType(NinepinException.class, () -> MountTarget.check(directory, table));
        assertThat(e.exitCode()).isEqualTo(ExitCode.MOUNT_FAILED);
        return e.sentence();
    }
}
