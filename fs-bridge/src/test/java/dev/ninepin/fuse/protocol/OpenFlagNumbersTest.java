package dev.ninepin.fuse.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.p9.OpenFlags;
import org.junit.jupiter.api.Test;

class OpenFlagNumbersTest {
    private static final int EXEC_MARK = 040;

    @Test
    void theFlagsOfX86AreTheProtocols() {
        final int flags = OpenFlags.RDWR | OpenFlags.APPEND | OpenFlags.DIRECT | OpenFlags.NOFOLLOW | OpenFlags.SYNC;
        assertThat(OpenFlagNumbers.of("amd64").toProtocol(flags)).isEqualTo(flags);
    }

    @Test
    void theFlagsOfArm64AreTranslated() {
        final OpenFlagNumbers arm64 = OpenFlagNumbers.of("aarch64");
        assertThat(arm64.toProtocol(040000)).isEqualTo(OpenFlags.DIRECTORY);
        assertThat(arm64.toProtocol(0100000)).isEqualTo(OpenFlags.NOFOLLOW);
        assertThat(arm64.toProtocol(0200000)).isEqualTo(OpenFlags.DIRECT);
        assertThat(arm64.toProtocol(0400000)).isEqualTo(OpenFlags.LARGEFILE);
        assertThat(arm64.toProtocol(OpenFlags.WRONLY | OpenFlags.APPEND))
                .isEqualTo(OpenFlags.WRONLY | OpenFlags.APPEND);
    }

    @Test
    void theKernelsOwnMarksAreDropped() {
        assertThat(OpenFlagNumbers.X86.toProtocol(EXEC_MARK | OpenFlags.LARGEFILE))
                .isEqualTo(OpenFlags.LARGEFILE);
    }
}
