package dev.ninepin.mounted;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ninepin.testing.ServerKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests of server files that have the same inode number and are the same file or different files. */
@Timeout(400)
class TwinsTest {
    @ParameterizedTest
    @CsvSource({
        "QEMU, tmpfs",
        "QEMU, bind",
        "QEMU, copied-image",
        "QEMU, btrfs",
        "QEMU, overlay",
        "QEMU_MAPPED, tmpfs",
        "QEMU_REMAPPED, tmpfs",
        "QEMU_REMAPPED, overlay"
    })
    @EnabledIf(value = "isRoot", disabledReason = "only root mounts file systems")
    void whatIsDoneToAFileIsNotDoneToAnotherWithItsNumber(final ServerKind server, final String pair) throws Exception {
        assumeTrue(!pair.equals("btrfs") || Files.exists(Path.of("/usr/sbin/mkfs.btrfs")), "btrfs-progs is not there");
        try (TestMount mount = MountSetup.of(server).mount()) {
            final List<String> said = mount.script("twins.py", pair);
            assertThat(said.get(said.size() - 1)).contains(": 0 of ");
        }
    }

    /**
     * Tests a tree as {@code cp -al} creates it. Walking both trees sends one extra request for each directory, and
     * none for files.
     */
    @Test
    void linksAcrossDirectoriesAreOneFileEachAndCostRequestsForDirectoriesOnly() throws Exception {
        try (TestMount mount = MountSetup.of(ServerKind.QEMU).mount()) {
            mount.python("""
                    for i in range(10):
                        os.makedirs(S + '/one/%d' % i)
                        for j in range(30):
                            write(S + '/one/%d/%d' % (i, j), b'%d' % j)
                    subprocess.run(['cp', '-al', 'one', 'two'], cwd=S, check=True)
                    """);
            final long asked = mount.roundTrips("Twalk", "Tgetattr");
            final long compared = mount.roundTrips("Tstatfs");
            mount.python("""
                    def numbers(tree):
                        return {os.path.relpath(os.path.join(where, name), tree): os.stat(os.path.join(where, name)).st_ino
                                for where, _, files in os.walk(tree) for name in files}
                    one = numbers('one')
                    assert len(one) == 300, len(one)
                    assert numbers('two') == one
                    """);
            // The root, and ten directories in each of two trees. Each directory is compared with the root once.
            assertThat(mount.roundTrips("Tstatfs") - compared).isLessThanOrEqualTo(21);
            assertThat(mount.roundTrips("Trenameat")).isLessThanOrEqualTo(20);
            assertThat(mount.roundTrips("Twalk", "Tgetattr") - asked).isLessThan(4 * 622);
            assertThat(mount.nodes()).isLessThanOrEqualTo(300 + 23);
        }
    }

    @Test
    void filesWithOneNameCostNoRequestMore() throws Exception {
        try (TestMount mount = MountSetup.of(ServerKind.QEMU).mount()) {
            final long compared = mount.roundTrips("Tstatfs");
            mount.sh("mkdir a b; touch a/1 b/2 3; mv a/1 b/1; ls -lR >/dev/null");
            assertThat(mount.roundTrips("Tstatfs")).isEqualTo(compared);
        }
    }

    static boolean isRoot() throws IOException {
        return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0;
    }
}
