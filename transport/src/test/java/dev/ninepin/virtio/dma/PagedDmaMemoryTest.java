package dev.ninepin.virtio.dma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class PagedDmaMemoryTest {
    private static final int PAGE = 4096;

    /** The number of frames is small, so that pages are often adjacent. */
    @Property
    void everyByteIsWhereItsPageIs(
            @ForAll @Size(min = 1, max = 12) final List<@IntRange(max = 15) Integer> frames,
            @ForAll @IntRange(max = 12 * PAGE) final int start,
            @ForAll @IntRange(min = 1, max = 12 * PAGE) final int wanted)
            throws Exception {
        final PagedDmaMemory memory = at(frames);
        final int size = frames.size() * PAGE;
        final int offset = start % size;
        final int length = Math.min(wanted, size - offset);

        final List<Long> addresses = new ArrayList<>();
        long end = -1;
        for (final DmaSegment segment : memory.segments(offset, length)) {
            // Adjacent pages must be in one segment.
            assertThat(segment.address()).isNotEqualTo(end);
            end = segment.address() + segment.length();
            for (int i = 0; i < segment.length(); i++) {
                addresses.add(segment.address() + i);
            }
        }

        assertThat(addresses).hasSize(length);
        for (int i = 0; i < length; i += 97) {
            final int at = offset + i;
            assertThat(addresses.get(i)).isEqualTo((long) frames.get(at / PAGE) * PAGE + at % PAGE);
        }
        assertThat(memory.segments(offset, length)).hasSizeLessThanOrEqualTo(memory.maxSegments(length));
    }

    @Test
    void theMostSegmentsAreNoMoreThanThereCanBe() throws Exception {
        final PagedDmaMemory scattered = at(List.of(9, 7, 5, 3, 1));
        assertThat(scattered.maxSegments(1)).isEqualTo(1);
        assertThat(scattered.maxSegments(2)).isEqualTo(2);
        assertThat(scattered.maxSegments(PAGE + 1)).isEqualTo(2);
        assertThat(scattered.maxSegments(PAGE + 2)).isEqualTo(3);
        assertThat(scattered.maxSegments(5 * PAGE)).isEqualTo(5);
        assertThat(at(List.of(3, 4, 5, 6)).maxSegments(4 * PAGE)).isEqualTo(1);
        assertThat(at(List.of(3, 4, 9, 10)).maxSegments(4 * PAGE)).isEqualTo(2);
    }

    @Test
    void aPageThatWasMovedIsFound() throws Exception {
        final long[] addresses = {PAGE, 7 * PAGE};
        final PagedDmaMemory memory =
                new PagedDmaMemory(ByteBuffer.allocateDirect(2 * PAGE), PAGE, (bytes, size) -> addresses.clone());
        assertThatCode(memory::checkInPlace).doesNotThrowAnyException();

        addresses[1] = 8 * PAGE;

        assertThatThrownBy(memory::checkInPlace)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("moved memory that the device writes to (page 1 of 2, from 0x7000 to 0x8000)");
    }

    private static PagedDmaMemory at(final List<Integer> frames) throws IOException {
        final long[] addresses =
                frames.stream().mapToLong(frame -> (long) frame * PAGE).toArray();
        return new PagedDmaMemory(
                ByteBuffer.allocateDirect(frames.size() * PAGE),
                PAGE,
                (bytes, size) -> Arrays.copyOf(addresses, addresses.length));
    }
}
