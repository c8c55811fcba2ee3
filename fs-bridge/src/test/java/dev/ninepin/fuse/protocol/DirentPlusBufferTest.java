package dev.ninepin.fuse.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Timeouts;
import dev.ninepin.operations.Timestamp;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.Qid;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DirentPlusBufferTest {
    private static final Attributes ATTRIBUTES = new Attributes(
            5, 0100644, 0, 0, 1, 0, 7, 4096, 8, new Timestamp(1, 0), new Timestamp(2, 0), new Timestamp(3, 0), false);

    private static final Timeouts SECOND =
            new Timeouts(Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ofSeconds(1));

    private final DirentPlusBuffer buffer = new DirentPlusBuffer(ByteBuffer.allocate(1000), 3);

    @Test
    void allButTheDotsAreToBeLookedUp() {
        assertThat(buffer.offer(entry("."))).isTrue();
        assertThat(buffer.offer(entry(".."))).isTrue();
        assertThat(buffer.offer(entry("file"))).isTrue();

        assertThat(buffer.entries()).containsExactly(entry("file"));
    }

    /** What the server said a while ago is valid for the rest of the timeout. */
    @ParameterizedTest
    @CsvSource({"0, 1, 0", "1, 0, 999999999", "400000000, 0, 600000000", "1000000000, 0, 0", "5000000000, 0, 0"})
    void theTimeoutShrinksWithTheAge(final long age, final long seconds, final int nanos) {
        buffer.offer(entry("file"));

        final ByteBuffer data = buffer.finish(List.of(Optional.of(new Entry(9, ATTRIBUTES, age))), SECOND)
                .order(ByteOrder.nativeOrder());

        assertThat(data.getLong(0)).isEqualTo(9);
        assertThat(data.getLong(16)).as("entry_valid").isEqualTo(seconds);
        assertThat(data.getLong(24)).as("attr_valid").isEqualTo(seconds);
        assertThat(data.getInt(32)).as("entry_valid_nsec").isEqualTo(nanos);
        assertThat(data.getInt(36)).as("attr_valid_nsec").isEqualTo(nanos);
    }

    private static Dirent entry(final String name) {
        return new Dirent(new Qid(0, 0, 5), 1, 8, ByteString.of(name));
    }
}
