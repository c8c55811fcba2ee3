package dev.ninepin.fuse.protocol;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestKindTest {
    private static final long UNIQUE = 0x1122334455667788L;
    private static final long NODE = 77;
    private static final long NEW_DIRECTORY = 99;

    @ParameterizedTest
    @CsvSource({"1,RENAME_WITHOUT_REPLACING", "2,RENAME_OTHERWISE", "4,RENAME_OTHERWISE", "5,RENAME_OTHERWISE"})
    void aRenameWithFlagsBecomesAnOlderRename(final int flags, final RequestKind expected) {
        final ByteBuffer request = request(45, 16 + 8);
        request.putLong(NEW_DIRECTORY).putInt(flags).putInt(0).put("old\0new\0".getBytes(US_ASCII));

        final RequestKind kind = RequestKind.of(request);
        final int start = kind.rewrite(request);

        assertThat(kind).isEqualTo(expected);
        final ByteBuffer older =
                request.slice(start, request.position() - start).order(ByteOrder.nativeOrder());
        assertThat(older.getInt()).as("length").isEqualTo(older.capacity());
        assertThat(older.getInt()).as("RENAME").isEqualTo(12);
        assertThat(older.getLong()).isEqualTo(UNIQUE);
        assertThat(older.getLong()).isEqualTo(NODE);
        assertThat(new int[] {older.getInt(), older.getInt(), older.getInt(), older.getInt()})
                .containsExactly(1000, 100, 4242, 0);
        assertThat(older.getLong()).isEqualTo(NEW_DIRECTORY);
        assertThat(US_ASCII.decode(older).toString()).isEqualTo("old\0new\0");
    }

    @ParameterizedTest
    @CsvSource({"44,28,READ_DIRECTORY_PLUS", "51,35,CREATE_UNNAMED", "46,46,KNOWN", "47,47,KNOWN", "26,26,INIT"})
    void othersKeepAllButTheirOpcode(final int opcode, final int older, final RequestKind expected) {
        final ByteBuffer request = request(opcode, 40);
        final ByteBuffer before =
                ByteBuffer.allocate(80).put(request.duplicate().clear());

        final RequestKind kind = RequestKind.of(request);

        assertThat(kind).isEqualTo(expected);
        assertThat(kind.rewrite(request)).isZero();
        assertThat(request.getInt(4)).isEqualTo(older);
        request.putInt(4, opcode);
        assertThat(request.clear()).isEqualTo(before.clear());
    }

    @Test
    void whatTheKernelHasInItsPagesIsNotForLibfuse() {
        assertThat(RequestKind.of(request(41, 40))).isEqualTo(RequestKind.PAGES);
    }

    @Test
    void whatLibfuseKnowsStaysAsItIs() {
        for (int opcode = 1; opcode < 44; opcode++) {
            if (opcode != 26 && opcode != 41) {
                assertThat(RequestKind.of(request(opcode, 40))).isEqualTo(RequestKind.KNOWN);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        // A change of size and a change of owner, both with FATTR_KILL_SUIDGID; then changes without it, and no change.
        "4,0,0x808,LOSING_SET_ID",
        "4,0,0x806,LOSING_SET_ID",
        "4,0,0,KNOWN",
        "4,0,1,KNOWN",
        "4,0,0x248,KNOWN",
        "4,0,0x180,KNOWN",
        // FUSE_WRITE_KILL_SUIDGID alone, with other flags, and other flags without it.
        "16,20,4,LOSING_SET_ID",
        "16,20,7,LOSING_SET_ID",
        "16,20,3,KNOWN"
    })
    void whoMustNotKeepSetIdBitsIsKnownByFlags(
            final int opcode, final int offset, final String flags, final RequestKind expected) {
        final ByteBuffer request = request(opcode, 88).putInt(40 + offset, Integer.decode(flags));

        assertThat(RequestKind.of(request)).isEqualTo(expected);
        assertThat(expected.rewrite(request)).isZero();
    }

    @ParameterizedTest
    @CsvSource({"2,READ_WITHOUT_PAGES", "3,READ_WITHOUT_PAGES", "0,KNOWN", "1,KNOWN"})
    void aReadThatFillsNoPageNamesTheOwnerOfLocks(final int flags, final RequestKind expected) {
        final ByteBuffer request = request(15, 40).putInt(40 + 20, flags);

        assertThat(RequestKind.of(request)).isEqualTo(expected);
        assertThat(expected.rewrite(request)).isZero();
    }

    /**
     * Builds a request: {@code struct fuse_in_header} (len[4] opcode[4] unique[8] nodeid[8] uid[4] gid[4] pid[4]
     * extlen[2] padding[2]) and {@code payload} bytes.
     */
    private static ByteBuffer request(final int opcode, final int payload) {
        final ByteBuffer request = ByteBuffer.allocate(40 + payload).order(ByteOrder.nativeOrder());
        request.putInt(40 + payload).putInt(opcode).putLong(UNIQUE).putLong(NODE);
        return request.putInt(1000).putInt(100).putInt(4242).putInt(0);
    }
}
