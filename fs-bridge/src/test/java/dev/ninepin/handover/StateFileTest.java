package dev.ninepin.handover;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StateFileTest {
    private static final int HEADER = 24;

    @TempDir
    private Path temporary;

    private <T extends Record> byte[] write(final Class<T> type, final T state) throws IOException {
        final Path file = Files.write(temporary.resolve("state"), new byte[0]);
        new StateFile<>(type, 7).write(file, state);
        return Files.readAllBytes(file);
    }

    private <T extends Record> T read(final Class<T> type, final byte... bytes) throws IOException {
        return new StateFile<>(type, 7).read(Files.write(temporary.resolve("state"), bytes));
    }

    private void assertRefused(final String reason, final byte... bytes) {
        assertThatThrownBy(() -> read(ShareState.class, bytes))
                .isInstanceOf(InvalidStateException.class)
                .hasMessageContaining(reason);
    }

    private byte[] someState() throws Exception {
        return write(ShareState.class, new RandomRecords(1).of(ShareState.class));
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                ShareState.class,
                ShareState.Node.class,
                ShareState.Name.class,
                ShareState.Hidden.class,
                ShareState.File.class,
                ShareState.Directory.class,
                ShareState.Lock.class,
                ShareState.Asides.class,
                FuseState.class
            })
    <T extends Record> void everyRecordIsReadAsItWasWritten(final Class<T> type) throws Exception {
        for (int seed = 0; seed < 300; seed++) {
            final T state = new RandomRecords(seed).of(type);
            assertThat(read(type, write(type, state))).isEqualTo(state);
        }
    }

    @Test
    void everyPartOfAFileIsRefused() throws Exception {
        final byte[] whole = someState();
        for (int length = 0; length < whole.length; length++) {
            final byte[] part =
                    ByteBuffer.allocate(length).put(whole, 0, length).array();
            assertThatThrownBy(() -> read(ShareState.class, part))
                    .as(part.length + " of " + whole.length + " bytes")
                    .isInstanceOf(InvalidStateException.class);
        }
    }

    @Test
    void aChangeOfAnyByteIsRefused() throws Exception {
        final byte[] whole = someState();
        for (int bit = 0; bit < 8 * whole.length; bit += 5) {
            final byte[] damaged = whole.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            assertThatThrownBy(() -> read(ShareState.class, damaged))
                    .as("bit " + bit)
                    .isInstanceOf(InvalidStateException.class);
        }
    }

    @Test
    void randomBytesWithAGoodHeaderAreRefusedOrARecord() throws Exception {
        final Random random = new Random(1);
        for (int round = 0; round < 2000; round++) {
            final byte[] bytes = new byte[random.nextInt(200)];
            random.nextBytes(bytes);
            final CRC32C checksum = new CRC32C();
            checksum.update(bytes);
            final byte[] file = ByteBuffer.allocate(HEADER + bytes.length)
                    .put(someState(), 0, 12)
                    .putLong(bytes.length)
                    .putInt((int) checksum.getValue())
                    .put(bytes)
                    .array();
            try {
                assertThat(read(ShareState.class, file)).isNotNull();
            } catch (final InvalidStateException e) {
                assertThat(e).hasMessageStartingWith("the state");
            }
        }
    }

    @Test
    void theReasonOfARefusalIsGiven() throws Exception {
        final byte[] whole = someState();
        assertRefused("has no state", "something else, which is long enough".getBytes(UTF_8));
        assertRefused(
                "has version 8", ByteBuffer.wrap(whole.clone()).putInt(8, 8).array());
        assertRefused(
                "has version 6", ByteBuffer.wrap(whole.clone()).putInt(8, 6).array());
        assertRefused(
                (whole.length - HEADER + 1) + " bytes, not " + (whole.length - HEADER),
                ByteBuffer.allocate(whole.length + 1).put(whole).array());
        assertRefused("checksum", ByteBuffer.wrap(whole.clone()).putInt(20, 0).array());
    }

    /** A change of the format requires another version in {@code MountState}. */
    @Test
    void theFormatIsThatOfTheVersion() {
        assertThat(RecordCodec.of(ShareState.File.class).describe())
                .isEqualTo(
                        "File(handle:long node:long flags:int iounit:int user:int isWriting:boolean isLockLost:boolean)");
        assertThat(RecordCodec.of(ShareState.Lock.class).describe())
                .isEqualTo(
                        "Lock(isFlock:boolean lock:FileLock(owner:long handle:long pid:int mode:NONE|SHARED|EXCLUSIVE"
                                + " first:long last:long))");
    }

    /** A record with a component of a type that has no format. */
    record Unsupported(List<Thread> threads) {}

    @Test
    void aRecordWithAnotherTypeIsNoState() {
        assertThatThrownBy(() -> RecordCodec.of(Unsupported.class)).isInstanceOf(IllegalArgumentException.class);
    }
}
