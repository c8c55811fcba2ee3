package dev.ninepin.daemon.host;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class MountTableTest {
    private static final String LINES = """
            22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
            40 22 0:35 / /mnt/a\\040b\\134c\\011d rw,nosuid,relatime shared:2 master:1 - fuse.ninepin \
            qemu:/srv/x\\040y rw,user_id=1000,group_id=1000
            41 22 0:36 / /mnt/twice rw - tmpfs tmpfs rw
            42 41 0:37 / /mnt/twice rw - fuse.ninepin tcp:h:564 rw,user_id=0,group_id=0
            cut short
            43 22 0:38 / /mnt/cut rw shared:3 -
            """;

    @Test
    void escapesAreUndone() {
        final MountTable.Entry entry =
                MountTable.parse(LINES).at(Path.of("/mnt/a b\\c\td")).orElseThrow();
        assertThat(entry.source()).isEqualTo("qemu:/srv/x y");
        assertThat(entry.isNinepin()).isTrue();
        assertThat(entry.isOf(1000)).isTrue();
        assertThat(entry.isOf(100)).isFalse();
    }

    @Test
    void theTopmostOfSeveralMountsCounts() {
        assertThat(MountTable.parse(LINES)
                        .at(Path.of("/mnt/twice"))
                        .orElseThrow()
                        .source())
                .isEqualTo("tcp:h:564");
    }

    @Test
    void linesThatAreNoneAreLeftOut() {
        assertThat(MountTable.parse(LINES).entries()).hasSize(4);
        assertThat(MountTable.parse("").entries()).isEmpty();
    }

    @Test
    void namesAreUtf8() {
        final String bytes = new String("50 22 0:9 / /mnt/gr\u00fcn rw - tmpfs t rw".getBytes(UTF_8), ISO_8859_1);
        assertThat(MountTable.parse(bytes).at(Path.of("/mnt/gr\u00fcn"))).isPresent();
    }

    @Test
    void theKernelsOwnTableHasProc() throws Exception {
        assertThat(MountTable.read().at(Path.of("/proc"))).isPresent();
    }

    @Test
    void aCarriageReturnInANameEndsNoLine() {
        final String line = "40 22 0:50 / /mnt/a\rb rw,nosuid,nodev shared:1 - fuse.ninepin qemu:/srv rw,user_id=0\n";
        assertThat(MountTable.parse(line).at(Path.of("/mnt/a\rb"))).isPresent();
    }
}
