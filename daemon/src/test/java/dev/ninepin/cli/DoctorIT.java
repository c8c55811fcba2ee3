package dev.ninepin.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.testing.DiodServer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of the packaged {@code ninepin doctor} on this host, which can mount. */
class DoctorIT {
    @TempDir
    private Path export;

    @Test
    void aSystemThatCanMountIsWell() throws Exception {
        final Program.Result result = Program.ninepin("doctor");
        assertThat(result.exitCode()).as(result.output() + result.errors()).isZero();
        assertThat(result.output())
                .contains("ok    Java: ", "ok    kernel FUSE: ", "ok    libfuse 2: ", "ok    QEMU: ");
        assertThat(result.output().lines()).allMatch(line -> line.matches("(ok  |warn|FAIL)  [^ ].*: .*"));
        assertThat(result.errors()).isEmpty();
    }

    @Test
    void aServerIsAskedAndEachKindOfAnswerIsAnExitCode() throws Exception {
        try (DiodServer server = DiodServer.onUnixSocket(export)) {
            final String source = "unix:" + server.socket();
            final Program.Result well = Program.ninepin("doctor", "-o", "aname=" + export, source);
            assertThat(well.exitCode()).as(well.output() + well.errors()).isZero();
            assertThat(well.output()).contains("ok    source: " + source + ": a 9P2000.L server answers");
            assertThat(Program.ninepin("doctor", "-o", "aname=/none", source).exitCode())
                    .isEqualTo(32);
        }
        final Program.Result gone = Program.ninepin("doctor", "unix:/no/such/socket");
        assertThat(gone.exitCode()).isEqualTo(32);
        assertThat(gone.output())
                .contains("FAIL  source: the source /no/such/socket does not exist: start the server")
                .contains("ok    kernel FUSE: ");
        assertThat(Program.ninepin("doctor", "gopher:x").exitCode()).isEqualTo(1);
    }

    /** Runs in a new mount namespace, which has no device as in a container without access to it. */
    @Test
    void aSystemWithoutTheDeviceIsNotWell() throws Exception {
        final Program.Result result = Program.run(
                List.of(
                        "unshare",
                        "--mount",
                        "sh",
                        "-c",
                        "mount -t tmpfs none /dev && exec \"$0\" doctor",
                        Program.TREE.resolve("ninepin").toString()),
                Map.of());
        assertThat(result.exitCode()).as(result.output() + result.errors()).isEqualTo(32);
        assertThat(result.output())
                .contains("FAIL  kernel FUSE: the kernel has it, but /dev/fuse does not exist; to fix it: mknod");
    }
}
