package dev.ninepin.p9;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests that bytes which are not a message cause a {@link ProtocolException} and no other exception, and that memory
 * use stays proportional to their length.
 */
class HostileBytesTest {
    private static final int SIZE_OFFSET = 0;
    private static final int TYPE_OFFSET = 4;

    @Property(tries = 500)
    void everyCutIsRefused(@ForAll("messages") final Message message) {
        final byte[] whole = encode(message);
        for (int length = 0; length < whole.length; length++) {
            final byte[] cut = Arrays.copyOf(whole, length);
            assertRefused(cut);
            if (length >= Integer.BYTES) {
                assertRefused(withTrueSize(cut));
            }
        }
    }

    @Property(tries = 500)
    void bytesBehindAMessageAreRefused(
            @ForAll("messages") final Message message, @ForAll @IntRange(min = 1, max = 100) final int more) {
        final byte[] extended = Arrays.copyOf(encode(message), encode(message).length + more);

        assertRefused(extended);
        assertRefused(withTrueSize(extended));
    }

    @Property(tries = 5000)
    void arbitraryBytesAreAMessageOrRefused(
            @ForAll @Size(max = 200) final byte[] bytes, @ForAll final MessageType type) {
        if (bytes.length > TYPE_OFFSET) {
            bytes[TYPE_OFFSET] = (byte) type.code();
        }
        assertMessageOrRefused(bytes.length >= Integer.BYTES ? withTrueSize(bytes) : bytes);
    }

    @Property(tries = 5000)
    void aMessageWithOneByteChangedIsAMessageOrRefused(
            @ForAll("messages") final Message message,
            @ForAll @IntRange(max = 500) final int at,
            @ForAll final byte b) {
        final byte[] bytes = encode(message);
        bytes[at % bytes.length] = b;

        assertMessageOrRefused(bytes);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 6, 10, 12, -1, Integer.MIN_VALUE, Integer.MAX_VALUE})
    void aSizeThatLiesIsRefused(final int size) {
        final byte[] bytes = encode(new Tclunk(1));
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(SIZE_OFFSET, size);

        assertThatThrownBy(() -> Frame.decode(ByteBuffer.wrap(bytes)))
                .isInstanceOf(ProtocolException.class)
                .hasMessage("a message says that it has " + Integer.toUnsignedString(size) + " bytes, and has 11");
    }

    @Test
    void aTypeThatIsNotInTheProtocolIsRefused() {
        for (int code = 0; code <= 0xff; code++) {
            if (MessageType.ofCode(code).isEmpty()) {
                final byte[] bytes = encode(new Rclunk());
                bytes[TYPE_OFFSET] = (byte) code;
                assertThatThrownBy(() -> Frame.decode(ByteBuffer.wrap(bytes)))
                        .isInstanceOf(ProtocolException.class)
                        .hasMessage("9P2000.L has no message of type " + Byte.toUnsignedInt(bytes[TYPE_OFFSET]));
            }
        }
    }

    @Test
    void aDirectoryEntryThatIsCutIsRefused() {
        final Dirent entry = new Dirent(new Qid(0, 0, 1), 1, 8, ByteString.of("name"));
        final ByteBuffer data = ByteBuffer.allocate(2 * entry.size()).order(ByteOrder.LITTLE_ENDIAN);
        entry.encode(data);
        entry.encode(data);
        for (int length = entry.size() + 1; length < data.capacity(); length++) {
            final ByteBuffer cut = data.duplicate().position(0).limit(length);
            assertThatThrownBy(() -> Dirent.decodeAll(cut)).isInstanceOf(ProtocolException.class);
        }
    }

    @ParameterizedTest
    @EnumSource
    void lengthsThatLieAllocateNothing(final MessageType type) {
        // Sets every length and count field, wherever it is, to its maximum.
        final byte[] bytes = new byte[Frame.HEADER_SIZE + 64];
        Arrays.fill(bytes, (byte) 0xff);
        bytes[TYPE_OFFSET] = (byte) type.code();
        final List<byte[]> lies = List.of(withTrueSize(bytes), withDataCount(bytes, 0x7fffffff));
        lies.forEach(HostileBytesTest::decodeQuietly);

        final long before = allocatedByThisThread();
        for (int i = 0; i < 100; i++) {
            lies.forEach(HostileBytesTest::decodeQuietly);
        }
        final long perDecode = (allocatedByThisThread() - before) / (100L * lies.size());

        // The cost is an exception with its stack trace. The smallest false length is 65535 bytes.
        assertThat(perDecode).isLessThan(16_384);
    }

    @Provide
    Arbitrary<Message> messages() {
        return Messages.any();
    }

    private static void assertRefused(final byte[] bytes) {
        assertThatThrownBy(() -> Frame.decode(ByteBuffer.wrap(bytes))).isInstanceOf(ProtocolException.class);
    }

    /**
     * Asserts that the bytes either decode and encode back to themselves, or cause a {@link ProtocolException}. Any
     * other exception fails the test.
     */
    private static void assertMessageOrRefused(final byte[] bytes) {
        try {
            final Frame frame = Frame.decode(ByteBuffer.wrap(bytes));
            assertThat(encode(frame.tag(), frame.message())).isEqualTo(bytes);
        } catch (final ProtocolException e) {
            assertThat(e).hasMessageNotContaining("null");
        }
    }

    private static void decodeQuietly(final byte[] bytes) {
        try {
            assertThat(Frame.decode(ByteBuffer.wrap(bytes))).isNotNull();
        } catch (final ProtocolException e) {
            assertThat(e).isNotNull();
        }
    }

    private static byte[] withTrueSize(final byte[] bytes) {
        final byte[] copy = bytes.clone();
        ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN).putInt(SIZE_OFFSET, copy.length);
        return copy;
    }

    private static byte[] withDataCount(final byte[] bytes, final int count) {
        final byte[] copy = withTrueSize(bytes);
        final ByteBuffer fields = ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
        // The offset of the count in Rread and Rreaddir, and its offset in Twrite.
        fields.putInt(Frame.HEADER_SIZE, count);
        fields.putInt(Frame.HEADER_SIZE + Integer.BYTES + Long.BYTES, count);
        return copy;
    }

    private static long allocatedByThisThread() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }

    private static byte[] encode(final Message message) {
        return encode(7, message);
    }

    private static byte[] encode(final int tag, final Message message) {
        final ByteBuffer bytes = ByteBuffer.allocate(Frame.sizeOf(message));
        new Frame(tag, message).encode(bytes);
        return bytes.array();
    }
}
