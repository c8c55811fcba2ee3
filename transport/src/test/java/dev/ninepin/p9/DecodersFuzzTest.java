package dev.ninepin.p9;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A coverage-guided fuzz test of the decoders. Any bytes either are exactly one message, or cause a {@link
 * ProtocolException}. Without JAZZER_FUZZ=1, only the checked-in seeds and findings are run.
 */
class DecodersFuzzTest {
    @FuzzTest(maxDuration = "1m")
    void bytesAreAMessageOrRefused(final byte[] bytes) {
        check(ByteBuffer.wrap(bytes));
    }

    /** Corrects the size field, so that the decoder examines the bytes after it. */
    @FuzzTest(maxDuration = "1m")
    void bytesOfTheSizeThatTheySayAreAMessageOrRefused(final byte[] bytes) {
        if (bytes.length >= Integer.BYTES) {
            check(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(0, bytes.length));
        }
    }

    @FuzzTest(maxDuration = "1m")
    void bytesAreDirectoryEntriesOrRefused(final byte[] bytes) {
        checkEntries(ByteBuffer.wrap(bytes));
    }

    private static void check(final ByteBuffer bytes) {
        final Frame frame;
        try {
            frame = Frame.decode(bytes);
        } catch (final ProtocolException e) {
            return;
        }
        final ByteBuffer again = ByteBuffer.allocate(Frame.sizeOf(frame.message()));
        frame.encode(again);
        assertThat(again.flip()).isEqualTo(bytes);
        assertThat(frame.message().toString()).isNotEmpty();
        if (frame.message() instanceof Rreaddir page) {
            checkEntries(page.data());
        }
    }

    private static void checkEntries(final ByteBuffer bytes) {
        final List<Dirent> entries;
        try {
            entries = Dirent.decodeAll(bytes);
        } catch (final ProtocolException e) {
            return;
        }
        final ByteBuffer again = ByteBuffer.allocate(bytes.remaining()).order(ByteOrder.LITTLE_ENDIAN);
        entries.forEach(entry -> entry.encode(again));
        assertThat(again.flip()).isEqualTo(bytes);
    }
}
