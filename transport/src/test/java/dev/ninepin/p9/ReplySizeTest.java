package dev.ninepin.p9;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests that the reply size of each request has room for every valid reply. Too little room breaks a virtio-9p device.
 */
class ReplySizeTest {
    static Stream<MessageType> requests() {
        return Stream.of(MessageType.all(Tmessage.class));
    }

    @ParameterizedTest
    @MethodSource("requests")
    void thereIsRoomForTheReplyAndForAnError(final MessageType type) {
        final Tmessage request = (Tmessage) Messages.empty(type);
        final MessageType reply = MessageType.ofCode(type.code() + 1).orElseThrow();

        assertThat(request.replySize()).isGreaterThanOrEqualTo(Frame.sizeOf(Messages.empty(reply)));
        assertThat(request.replySize()).isGreaterThanOrEqualTo(Frame.sizeOf(new Rlerror(5)));
        assertThat(request.replySize()).isGreaterThanOrEqualTo(Frame.sizeOf(new Rerror(5)));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, Twalk.MAX_NAMES})
    void aWalkHasRoomForAQidOfEachName(final int names) {
        final Twalk walk = new Twalk(1, 2, Collections.nCopies(names, ByteString.of("name")));
        final Rwalk reply = new Rwalk(Collections.nCopies(names, new Qid(Qid.DIR, 1, 2)));

        assertThat(walk.replySize()).isEqualTo(Math.max(Frame.sizeOf(reply), 11));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4096, 131072})
    void dataHasRoomForItsCount(final int count) {
        final ByteBuffer data = ByteBuffer.allocate(count);

        assertThat(new Tread(1, 0, count).replySize()).isEqualTo(Frame.sizeOf(new Rread(data)));
        assertThat(new Treaddir(1, 0, count).replySize()).isEqualTo(Frame.sizeOf(new Rreaddir(data)));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, Integer.MIN_VALUE, Integer.MAX_VALUE})
    void aCountThatNoBufferHoldsIsRefused(final int count) {
        for (final Tmessage request : List.of(new Tread(1, 0, count), new Treaddir(1, 0, count))) {
            assertThatThrownBy(request::replySize)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(Integer.toUnsignedString(count));
        }
    }

    @Test
    void namesHaveRoomForTheLongestThereAre() {
        final ByteString pathMax = ByteString.copyOf(new byte[4096]);
        final ByteString client = ByteString.copyOf(new byte[ByteString.MAX_LENGTH]);

        assertThat(new Treadlink(1).replySize()).isEqualTo(Frame.sizeOf(new Rreadlink(pathMax)));
        assertThat(new Tgetlock(1, 0, 0, 0, 0, ByteString.EMPTY).replySize())
                .isEqualTo(Frame.sizeOf(new Rgetlock(0, 0, 0, 0, client)));
        assertThat(new Tversion(8192, Tversion.VERSION_9P2000_L).replySize())
                .isGreaterThanOrEqualTo(Frame.sizeOf(new Rversion(8192, ByteString.of("9P2000.L"))));
    }

    @Test
    void sizesAreThoseOfTheProtocol() {
        assertThat(new Tgetattr(1, AttrMask.BASIC).replySize()).isEqualTo(160);
        assertThat(new Tstatfs(1).replySize()).isEqualTo(67);
        assertThat(new Tlopen(1, 0).replySize()).isEqualTo(24);
        assertThat(new Tclunk(1).replySize()).isEqualTo(11);
        assertThat(Rread.HEADER_SIZE).isEqualTo(11);
        assertThat(Twrite.HEADER_SIZE).isEqualTo(23);
    }
}
