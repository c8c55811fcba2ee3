package dev.ninepin.fuse.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.Qid;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class DirentBufferTest {
    private static Dirent entry(final int nameLength) {
        return new Dirent(
                new Qid(Qid.DIR, 0, 0x1122334455667788L),
                0x7fffffffffffffffL,
                4,
                ByteString.of("n".repeat(nameLength)));
    }

    @Test
    void anEntryIsAsTheKernelTakesIt() {
        final DirentBuffer buffer = new DirentBuffer(ByteBuffer.allocate(64));
        assertThat(buffer.offer(entry(3))).isTrue();
        final ByteBuffer data = buffer.finish().order(ByteOrder.nativeOrder());
        assertThat(data.remaining()).isEqualTo(32);
        assertThat(data.getLong()).isEqualTo(0x1122334455667788L);
        assertThat(data.getLong()).isEqualTo(0x7fffffffffffffffL);
        assertThat(data.getInt()).isEqualTo(3);
        assertThat(data.getInt()).isEqualTo(4);
        assertThat(ByteString.copyOf(data)).isEqualTo(ByteString.of("nnn\0\0\0\0\0"));
    }

    @Test
    void whatDoesNotFitIsRefused() {
        final DirentBuffer buffer = new DirentBuffer(ByteBuffer.allocate(63));
        assertThat(buffer.offer(entry(8))).isTrue();
        assertThat(buffer.offer(entry(8))).isFalse();
        assertThat(buffer.isTooSmall()).isFalse();
        assertThat(buffer.finish().remaining()).isEqualTo(32);
    }

    @Test
    void aBufferThatHoldsNotOneEntryIsTooSmall() {
        final DirentBuffer buffer = new DirentBuffer(ByteBuffer.allocate(31));
        assertThat(buffer.isTooSmall()).isFalse();
        assertThat(buffer.offer(entry(1))).isFalse();
        assertThat(buffer.isTooSmall()).isTrue();
    }
}
