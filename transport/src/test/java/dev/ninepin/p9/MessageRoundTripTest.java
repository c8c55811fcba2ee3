package dev.ninepin.p9;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.statistics.Statistics;
import net.jqwik.api.statistics.StatisticsReport;
import org.junit.jupiter.api.Test;

/** Tests that every message survives encoding and decoding, and that the table contains every message. */
class MessageRoundTripTest {
    @Property(tries = 5000)
    @StatisticsReport(StatisticsReport.StatisticsReportMode.OFF)
    void whatIsWrittenIsReadAgain(
            @ForAll("messages") final Message message, @ForAll @IntRange(max = Frame.NOTAG) final int tag)
            throws ProtocolException {
        final ByteBuffer bytes = encode(tag, message);

        assertThat(bytes.remaining()).isEqualTo(Frame.sizeOf(message));
        assertThat(Frame.peekSize(bytes)).isEqualTo(bytes.remaining());
        assertThat(Frame.decode(bytes)).isEqualTo(new Frame(tag, message));

        Statistics.collect(message.messageType());
        Statistics.coverage(coverage -> Stream.of(MessageType.values())
                .forEach(type -> coverage.check(type).count(count -> count > 0)));
    }

    @Test
    void everyRecordIsInTheTable() {
        final List<Class<?>> records = Stream.of(Tmessage.class, Rmessage.class)
                .flatMap(kind -> Arrays.stream(kind.getPermittedSubclasses()))
                .toList();

        assertThat(Arrays.stream(MessageType.values()).<Class<?>>map(MessageType::record))
                .containsExactlyInAnyOrderElementsOf(records);
    }

    @Test
    void aReplyIsNumberedNextToItsRequest() {
        for (final MessageType request : MessageType.all(Tmessage.class)) {
            final MessageType reply = MessageType.ofCode(request.code() + 1).orElseThrow();

            assertThat(reply.notation()).isEqualTo("R" + request.notation().substring(1));
            assertThat(Rmessage.class).isAssignableFrom(reply.record());
        }
        // Plus Rlerror and Rerror, which answer any request.
        assertThat(MessageType.all(Rmessage.class)).hasSize(MessageType.all(Tmessage.class).length + 2);
    }

    @Property(tries = 300)
    void aMessageIsWrittenWhereTheBufferStands(@ForAll("messages") final Message message) {
        final int size = Frame.sizeOf(message);
        final ByteBuffer buffer = ByteBuffer.allocateDirect(size + 10).order(ByteOrder.BIG_ENDIAN);

        new Frame(1, message).encode(buffer.position(3));

        assertThat(buffer.position()).isEqualTo(3 + size);
        assertThat(buffer.flip().position(3)).isEqualTo(encode(1, message));
    }

    @Provide
    Arbitrary<Message> messages() {
        return Messages.any();
    }

    private static ByteBuffer encode(final int tag, final Message message) {
        final ByteBuffer bytes = ByteBuffer.allocate(Frame.sizeOf(message));
        new Frame(tag, message).encode(bytes);
        return bytes.flip();
    }
}
