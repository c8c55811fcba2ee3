package dev.ninepin.virtio.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.os.Descriptor;
import dev.ninepin.os.EventFd;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.virtio.queue.QueueUnderTest;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(30)
class InterruptTest {
    private static final long LONG = TimeUnit.MINUTES.toNanos(5);

    @ParameterizedTest
    @EnumSource
    void anAnswerInterruptsWhoAsked(final QueueUnderTest.Kind kind) throws Exception {
        final QueueUnderTest under = new QueueUnderTest(kind);
        for (int round = 1; round <= 70_000; round += 1000) {
            for (int i = 0; i < 1000; i++) {
                under.post(0, "x");
                final boolean asks = i == 999;
                if (asks) {
                    assertThat(under.driver.requestInterrupt()).isTrue();
                }
                under.device.answer(under.device.take().get(0), (byte) 1);
                assertThat(under.driver.poll()).isNotNull();
            }
            // Only the requested interrupt has come.
            assertThat(under.device.interrupts()).isEqualTo(round / 1000 + 1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whoAsksTooLateIsTold(final QueueUnderTest.Kind kind) throws Exception {
        final QueueUnderTest under = new QueueUnderTest(kind);
        under.post(0, "x");
        under.device.answer(under.device.take().get(0), (byte) 1);

        assertThat(under.driver.requestInterrupt()).isFalse();
        assertThat(under.driver.poll()).isNotNull();
    }

    @Test
    void anEventEndsAWaitBeforeOrDuringIt() throws Exception {
        try (EventFd event = EventFd.create()) {
            event.raise();
            event.raise();
            assertThat(event.await(LONG, List.of())).isEmpty();
            try (BackgroundCall<List<Descriptor>> waiter =
                    BackgroundCall.start("waiter", () -> event.await(LONG, List.of()))) {
                waiter.awaitInside("poll");
                event.raise();
                assertThat(waiter.result()).isEmpty();
            }
        }
    }

    @Test
    void closingEndsAWaitAndThereIsNoneAfterwards() throws Exception {
        final EventFd event = EventFd.create();
        try (BackgroundCall<List<Descriptor>> waiter =
                BackgroundCall.start("waiter", () -> event.await(LONG, List.of()))) {
            waiter.awaitInside("poll");
            event.close();
            // Closing the waiter asserts that the wait has ended: with an empty result, or with the exception of a
            // closed event.
        }
        assertThatThrownBy(() -> event.await(LONG, List.of())).hasMessageContaining("is closed");
        event.raise();
    }
}
