package dev.ninepin.share.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.channel.Received;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.exchange.ReadReply;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WrittenRangesTest {
    private static final int BLOCK = WrittenRange.BLOCK;

    private final Random random = new Random(1);
    private WrittenRanges ranges = new WrittenRanges();

    /** The contents of the file. */
    private byte[] content = new byte[0];

    /** For each byte, whether it was written. */
    private boolean[] written = new boolean[0];

    private void write(final int offset, final int count) {
        final byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        resize(Math.max(content.length, offset + count));
        System.arraycopy(bytes, 0, content, offset, count);
        Arrays.fill(written, offset, offset + count, true);
        ranges.write(offset, ByteBuffer.wrap(bytes));
    }

    private void truncate(final int size) {
        resize(size);
        ranges.truncate(size);
    }

    private void resize(final int size) {
        content = Arrays.copyOf(content, size);
        written = Arrays.copyOf(written, size);
    }

    /** Returns whether a server with these bytes has the data. The server returns fewer bytes than requested. */
    private boolean isAt(final byte[] bytes) throws IOException {
        return ranges.isKnown()
                && ranges.hasSize(bytes.length)
                && ranges.isAt(new ExpectedFile.DataServer() {
                    @Override
                    public ReadReply read(final long offset, final int count) {
                        final int from = (int) Math.min(offset, bytes.length);
                        final int got = Math.min(Math.min(count, 3000), bytes.length - from);
                        return new ReadReply(
                                ByteBuffer.wrap(bytes, from, got).slice(),
                                new Received(0, ByteBuffer.allocate(0), () -> {}));
                    }

                    @Override
                    public Rgetattr attributes() {
                        throw new AssertionError("not needed for data");
                    }
                });
    }

    private byte[] withChangedByte(final int index) {
        final byte[] changed = content.clone();
        changed[index]++;
        return changed;
    }

    @Test
    void aStreamIsFound() throws IOException {
        for (int i = 0; i < 100; i++) {
            write(content.length, 1 + random.nextInt(10_000));
        }
        assertThat(isAt(content)).isTrue();
        assertThat(isAt(withChangedByte(content.length - 1))).isFalse();
        assertThat(isAt(Arrays.copyOf(content, content.length - 1))).isFalse();
    }

    @Test
    void pagesMayBeWrittenAgainInAnyOrder() throws IOException {
        for (int i = 0; i < 500; i++) {
            write(random.nextInt(50) * BLOCK, BLOCK * (1 + random.nextInt(3)));
        }
        assertThat(isAt(content)).isTrue();
        truncate(20 * BLOCK);
        write(20 * BLOCK, 5);
        write(3 * BLOCK, BLOCK);
        assertThat(ranges.isKnown()).isTrue();
    }

    @Test
    void aPartOfABlockCannotBeReplaced() {
        write(0, BLOCK);
        write(10, 10);
        assertThat(ranges.isKnown()).isFalse();
    }

    @Test
    void aWholeRangeCanBeReplaced() throws IOException {
        write(10, 10);
        write(30, 10);
        write(5, 100);
        write(105, 2 * BLOCK);
        assertThat(isAt(content)).isTrue();
    }

    @Test
    void aTruncationThatWasLostIsSeen() throws IOException {
        write(0, 2 * BLOCK);
        ranges = new WrittenRanges();
        final byte[] before = content;
        truncate(0);
        write(0, 5);
        assertThat(isAt(content)).isTrue();
        System.arraycopy(content, 0, before, 0, 5);
        assertThat(isAt(before)).isFalse();
    }

    @Test
    void bytesThatMustBeZeroAreNotCompared() throws IOException {
        truncate(0);
        write(100, 5);
        assertThat(isAt(content)).isFalse();
    }

    @Test
    void tooMuchIsNotCompared() {
        final int part = 1 << 20;
        final ByteBuffer bytes = ByteBuffer.allocate(part);
        long offset = 0;
        for (; offset < WrittenRanges.MOST_BYTES; offset += part) {
            ranges.write(offset, bytes);
        }
        assertThat(ranges.isKnown()).isTrue();
        ranges.write(0, bytes);
        assertThat(ranges.isKnown()).isTrue();
        ranges.write(offset, bytes);
        assertThat(ranges.isKnown()).isFalse();
    }

    @Test
    void tooManyRangesAreNotCompared() {
        final ByteBuffer bytes = ByteBuffer.allocate(1);
        for (long i = 0; i < WrittenRanges.MOST_RANGES; i++) {
            ranges.write(i * BLOCK, bytes);
        }
        assertThat(ranges.isKnown()).isTrue();
        ranges.write((long) WrittenRanges.MOST_RANGES * BLOCK, bytes);
        assertThat(ranges.isKnown()).isFalse();
    }

    @Test
    void offsetsMayBeLarge() {
        ranges.write(Long.MAX_VALUE - 1, ByteBuffer.allocate(1));
        assertThat(ranges.isKnown()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void randomChangesAreFoundAndNothingElseIs(final long seed) throws IOException {
        random.setSeed(seed);
        int known = 0;
        for (int round = 0; round < 3000; round++) {
            ranges = new WrittenRanges();
            content = new byte[random.nextInt(4 * BLOCK)];
            random.nextBytes(content);
            written = new boolean[content.length];
            final WrittenRanges first = ranges;
            final int steps = 1 + random.nextInt(6);
            final int later = random.nextInt(2 * steps);
            for (int step = 0; step < steps; step++) {
                if (step == later) {
                    ranges = new WrittenRanges();
                }
                runStep();
            }
            if (ranges != first) {
                first.add(ranges);
                ranges = first;
            }
            if (ranges.isKnown() && ranges.hasSize(content.length)) {
                known++;
                assertThat(isAt(content)).isTrue();
                assertThatEachWrittenByteCounts();
            }
        }
        assertThat(known).isGreaterThan(500);
    }

    private void runStep() {
        final int unit = random.nextInt(3) == 0 ? 1 : random.nextInt(3) == 0 ? 512 : BLOCK;
        if (random.nextInt(5) == 0) {
            truncate(random.nextInt(5 * BLOCK) / unit * unit);
        } else {
            final int offset = random.nextBoolean() ? content.length : random.nextInt(4 * BLOCK) / unit * unit;
            write(offset, (1 + random.nextInt(2 * BLOCK / unit)) * unit);
        }
    }

    private void assertThatEachWrittenByteCounts() throws IOException {
        for (int i = 0; i < 10 && content.length > 0; i++) {
            final int index = random.nextInt(content.length);
            if (written[index]) {
                assertThat(isAt(withChangedByte(index))).isFalse();
            }
        }
    }
}
