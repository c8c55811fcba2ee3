package dev.ninepin.share.id;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.operations.ErrnoException;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class PosixAclTest {
    /** The attribute value that setfacl -m d:u::rwx,d:u:1000:rwx,d:g::r-x,d:m::rwx,d:o::--- creates. */
    private static final byte[] NAMED = HexFormat.ofDelimiter(" ")
            .parseHex("02 00 00 00 01 00 07 00 ff ff ff ff 02 00 07 00 e8 03 00 00 04 00 05 00 ff ff ff ff"
                    + " 10 00 07 00 ff ff ff ff 20 00 00 00 ff ff ff ff");

    private static final byte[] PLAIN = HexFormat.ofDelimiter(" ")
            .parseHex("02 00 00 00 01 00 07 00 ff ff ff ff 04 00 05 00 ff ff ff ff 20 00 04 00 ff ff ff ff");

    @Test
    void theBytesAreRead() throws Exception {
        final PosixAcl acl = PosixAcl.of(NAMED);

        assertThat(acl.entries())
                .containsExactly(
                        new PosixAcl.Entry(1, 7, -1),
                        new PosixAcl.Entry(2, 7, 1000),
                        new PosixAcl.Entry(4, 5, -1),
                        new PosixAcl.Entry(0x10, 7, -1),
                        new PosixAcl.Entry(0x20, 0, -1));
        assertThat(acl.toBytes()).isEqualTo(NAMED);
        assertThat(acl.isOnlyMode()).isFalse();
        assertThat(PosixAcl.of(PLAIN).isOnlyMode()).isTrue();
    }

    @Test
    void aNewFileGetsWhatBothAllow() throws Exception {
        assertThat(PosixAcl.of(NAMED).modeFor(0100666)).isEqualTo(0100660);
        assertThat(PosixAcl.of(NAMED).modeFor(042777)).isEqualTo(042770);
        assertThat(PosixAcl.of(PLAIN).modeFor(0666)).isEqualTo(0644);
        // The group's entry stays, since the mask limits it.
        assertThat(PosixAcl.of(NAMED).accessFor(0640).entries())
                .containsExactly(
                        new PosixAcl.Entry(1, 6, -1),
                        new PosixAcl.Entry(2, 7, 1000),
                        new PosixAcl.Entry(4, 5, -1),
                        new PosixAcl.Entry(0x10, 4, -1),
                        new PosixAcl.Entry(0x20, 0, -1));
        assertThat(PosixAcl.of(PLAIN).accessFor(0640).entries())
                .containsExactly(
                        new PosixAcl.Entry(1, 6, -1), new PosixAcl.Entry(4, 4, -1), new PosixAcl.Entry(0x20, 0, -1));
    }

    @Test
    void whatIsNoAclIsRefused() {
        for (final String bytes : List.of("", "02", "01000000", "0200000001", "02000000010007", "ffffffff")) {
            assertThatThrownBy(() -> PosixAcl.of(HexFormat.of().parseHex(bytes)))
                    .as(bytes)
                    .isInstanceOf(ErrnoException.class);
        }
    }
}
