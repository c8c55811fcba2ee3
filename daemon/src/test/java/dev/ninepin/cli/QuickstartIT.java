package dev.ninepin.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of the script {@code ./quickstart} on a system that has everything it needs. */
class QuickstartIT {
    private static final String SCRIPT = Program.TREE.resolve("quickstart").toString();

    @TempDir
    private Path temporary;

    private Path mountPoint;

    @AfterEach
    void unmount() throws Exception {
        final String status = Program.ninepin("status", "--json", mountPoint).output();
        assertThat(Program.ninepin("umount", mountPoint)).isEqualTo(new Program.Result(0, "", ""));
        Files.delete(Path.of(
                JsonParser.parseString(status).getAsJsonObject().get("log").getAsString()));
    }

    @Test
    void theSampleIsMountedAndASecondRunKeepsIt() throws Exception {
        final Map<String, String> environment = Map.of("XDG_DATA_HOME", temporary.toString());
        mountPoint = temporary.resolve("ninepin/quickstart/mnt");
        final Path written = temporary.resolve("ninepin/quickstart/share/ninepin-quickstart.txt");

        final Program.Result first = Program.run(List.of(SCRIPT), environment);
        assertThat(first.exitCode()).as(first.errors()).isZero();
        assertThat(first.output())
                .contains("hello.txt", "cat " + written, "protocol  9P2000.L", "ninepin umount " + mountPoint);
        assertThat(written).content().startsWith("Written through the mount at ");
        final String daemon = daemon();

        final Program.Result second = Program.run(List.of(SCRIPT), environment);
        assertThat(second.exitCode()).as(second.errors()).isZero();
        assertThat(second.output()).contains("is mounted already");
        assertThat(daemon()).isEqualTo(daemon);
    }

    @Test
    void ofAUsersOwnShareNothingIsLeftChanged() throws Exception {
        final Path share = Files.createDirectory(temporary.resolve("my, share"));
        Files.writeString(share.resolve("mine"), "mine\n");
        mountPoint = Files.createDirectory(temporary.resolve("my mnt"));
        final String source = "qemu:" + share.toString().replace(",", ",,");

        final Program.Result result = Program.run(List.of(SCRIPT, source, mountPoint.toString()), Map.of());
        assertThat(result.exitCode()).as(result.errors()).isZero();
        assertThat(result.output()).contains("mine", "cat " + share + "/ninepin-quickstart.txt");
        assertThat(share).isDirectoryContaining("glob:**/mine").isDirectoryNotContaining("glob:**quickstart*");
    }

    private String daemon() throws Exception {
        return JsonParser.parseString(
                        Program.ninepin("status", "--json", mountPoint).output())
                .getAsJsonObject()
                .get("pid")
                .getAsString();
    }
}
