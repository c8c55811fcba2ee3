package dev.ninepin.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.virtio.device.MockRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class VirtqueueTest {
    private static final int MORE_THAN_ONE_ROUND_OF_THE_INDEX = 70_000;
    private static final byte[] REPLY = {1, 2, 3, 4, 5};

    @ParameterizedTest
    @EnumSource
    void aRequestReachesTheDeviceAndItsAnswerComesBack(final QueueUnderTest.Kind kind) throws Exception {
        final QueueUnderTest under = new QueueUnderTest(kind);
        under.post(5, "a request");

        final MockRequest request = under.device.take().get(0);
        assertThat(request.message()).asString().isEqualTo("a request");
        assertThat(request.room()).isEqualTo(QueueUnderTest.ROOM);
        assertThat(under.driver.poll()).isNull();
        under.device.answer(request, REPLY);

        assertThat(under.driver.poll()).isEqualTo(new Used(5, REPLY.length));
        assertThat(under.answerOf(5, REPLY.length)).isEqualTo(REPLY);
        assertThat(under.driver.poll()).isNull();
    }

    @ParameterizedTest
    @EnumSource
    void allRequestsAreInFlightAtOnceAndAnsweredInAnyOrder(final QueueUnderTest.Kind kind) throws Exception {
        final QueueUnderTest under = new QueueUnderTest(kind);
        for (int round = 0; round < 3; round++) {
            final int capacity = under.driver.capacity();
            for (int i = 0; i < capacity; i++) {
                under.post(i, "request " + i);
            }
            final List<MockRequest> requests = new ArrayList<>(under.device.take());
            assertThat(requests).hasSize(capacity);
            Collections.shuffle(requests, new Random(round));
            requests.forEach(request -> under.device.answer(request, request.message()));

            for (int i = 0; i < capacity; i++) {
                final Used used = under.driver.poll();
                assertThat(under.answerOf(used.request(), used.length()))
                        .asString()
                        .isEqualTo("request " + used.request());
            }
            assertThat(under.driver.poll()).isNull();
        }
    }

    @Test
    void withIndirectDescriptorsEverySlotOfTheRingIsARequest() {
        assertThat(new QueueUnderTest(QueueUnderTest.Kind.BOTH).driver.capacity())
                .isEqualTo(128);
        assertThat(new QueueUnderTest(QueueUnderTest.Kind.EVENT_INDEX).driver.capacity())
                .isEqualTo(64);
    }

    @ParameterizedTest
    @EnumSource
    void theIndexesWrapAround(final QueueUnderTest.Kind kind) throws Exception {
        final QueueUnderTest under = new QueueUnderTest(kind);
        for (int i = 0; i < MORE_THAN_ONE_ROUND_OF_THE_INDEX; i++) {
            final int number = i % under.driver.capacity();
            under.post(number, "x");
            assertThat(under.driver.needsDoorbell()).isTrue();
            under.device.answer(under.device.take().get(0), REPLY);
            assertThat(under.driver.poll()).isEqualTo(new Used(number, REPLY.length));
        }
        assertThat(under.device.interrupts()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void aDeviceThatIsAwakeIsNotRung(final QueueUnderTest.Kind kind) {
        final QueueUnderTest under = new QueueUnderTest(kind);
        under.device.wantDoorbells(false);
        under.post(0, "x");
        assertThat(under.driver.needsDoorbell()).isFalse();
        assertThat(under.device.take()).hasSize(1);

        under.device.wantDoorbells(true);
        under.post(1, "x");
        assertThat(under.driver.needsDoorbell()).isTrue();
    }

    @Test
    void withTheEventIndexADeviceThatWasRungAndHasNotLookedYetIsNotRungAgain() {
        final QueueUnderTest under = new QueueUnderTest(QueueUnderTest.Kind.BOTH);
        under.post(0, "x");
        under.post(1, "x");
        assertThat(under.driver.needsDoorbell()).isTrue();
        under.post(2, "x");
        assertThat(under.driver.needsDoorbell()).isFalse();

        assertThat(under.device.take()).hasSize(3);
        under.post(3, "x");
        assertThat(under.driver.needsDoorbell()).isTrue();
    }

    @ParameterizedTest
    @EnumSource
    void nothingPostedNeedsNoDoorbell(final QueueUnderTest.Kind kind) {
        final QueueUnderTest under = new QueueUnderTest(kind);
        assertThat(under.driver.needsDoorbell()).isFalse();
        under.post(0, "x");
        assertThat(under.driver.needsDoorbell()).isTrue();
        assertThat(under.driver.needsDoorbell()).isFalse();
    }

    @ParameterizedTest
    @EnumSource
    void aFlushedRequestComesBackWithLengthZero(final QueueUnderTest.Kind kind) throws Exception {
        final QueueUnderTest under = new QueueUnderTest(kind);
        under.post(2, "x");
        under.device.answer(under.device.take().get(0));

        assertThat(under.driver.poll()).isEqualTo(new Used(2, 0));
    }

    @ParameterizedTest
    @EnumSource
    void anAnswerToARequestThatIsNotInFlightIsRefused(final QueueUnderTest.Kind kind) {
        for (final int head : new int[] {7, 127, 128, 0x10000, -1, Integer.MIN_VALUE}) {
            final QueueUnderTest under = new QueueUnderTest(kind);
            under.post(0, "x");
            under.device.push(head, 5);

            assertThatThrownBy(under.driver::poll)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(Integer.toUnsignedString(head));
        }
    }

    @ParameterizedTest
    @EnumSource
    void anAnswerThatComesTwiceIsRefused(final QueueUnderTest.Kind kind) throws Exception {
        final QueueUnderTest under = new QueueUnderTest(kind);
        under.post(1, "x");
        final MockRequest request = under.device.take().get(0);
        under.device.answer(request, REPLY);
        under.device.answer(request, REPLY);
        assertThat(under.driver.poll()).isEqualTo(new Used(1, REPLY.length));

        assertThatThrownBy(under.driver::poll).isInstanceOf(IOException.class).hasMessageContaining("not in flight");
    }

    @Test
    void withoutIndirectDescriptorsTheMiddleOfAChainIsNoRequest() {
        final QueueUnderTest under = new QueueUnderTest(QueueUnderTest.Kind.NEITHER);
        under.post(0, "x");
        under.device.push(1, 5);

        assertThatThrownBy(under.driver::poll).isInstanceOf(IOException.class).hasMessageContaining("descriptor 1");
    }

    @ParameterizedTest
    @EnumSource
    void aLengthBeyondTheRoomIsRefused(final QueueUnderTest.Kind kind) {
        for (final int length : new int[] {QueueUnderTest.ROOM + 1, Integer.MAX_VALUE, -1}) {
            final QueueUnderTest under = new QueueUnderTest(kind);
            under.post(0, "x");
            under.device.push(under.device.take().get(0).head(), length);

            assertThatThrownBy(under.driver::poll)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(Integer.toUnsignedString(length));
        }
    }

    @ParameterizedTest
    @EnumSource
    void anIndexThatJumpsIsRefused(final QueueUnderTest.Kind kind) {
        for (final int index : new int[] {129, 0x8000, 0xffff}) {
            final QueueUnderTest under = new QueueUnderTest(kind);
            under.post(0, "x");
            under.device.claim(index);

            assertThatThrownBy(under.driver::poll)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(Integer.toString(index));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRequestInFlightIsNotPostedAgain(final QueueUnderTest.Kind kind) {
        final QueueUnderTest under = new QueueUnderTest(kind);
        under.post(3, "x");

        assertThatThrownBy(() -> under.post(3, "y")).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @EnumSource
    void messagesThatLieInSeveralPlacesArriveWhole(final QueueUnderTest.Kind kind) throws Exception {
        final QueueUnderTest under = QueueUnderTest.scattered(kind);
        final byte[] reply = new byte[QueueUnderTest.ROOM];
        new Random(1).nextBytes(reply);
        int mostDescriptors = 0;
        for (int number = 0; number < under.driver.capacity(); number++) {
            final String message = "0123456789abcdef".repeat(600) + number;
            under.post(number, message);

            final MockRequest request = under.device.take().get(0);
            assertThat(request.message()).asString().isEqualTo(message);
            mostDescriptors = Math.max(mostDescriptors, request.descriptors());
            under.device.answer(request, reply);

            assertThat(under.driver.poll()).isEqualTo(new Used(number, reply.length));
            assertThat(under.answerOf(number, reply.length)).isEqualTo(reply);
        }
        assertThat(mostDescriptors).isGreaterThan(2);
    }
}
