package dev.ninepin.fuse.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RequestSlotTest {
    private final RequestSlot slot = new RequestSlot(7, Thread.currentThread());

    @Test
    void anInterruptReachesTheRequestThatItIsFor() {
        final long token = slot.enter(0, false);
        slot.interrupt(token);
        assertThat(Thread.currentThread().isInterrupted()).isTrue();
        slot.leave();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    @Test
    void anInterruptThatComesLateReachesNothing() {
        final long token = slot.enter(0, false);
        slot.leave();
        slot.interrupt(token);
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
        final long next = slot.enter(0, false);
        slot.interrupt(token);
        slot.interrupt(next + 1);
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
        slot.leave();
    }

    @Test
    void whatOnlyWaitsMayEndAtOnce() {
        final long working = slot.enter(0, false);
        assertThat(slot.isToEndAtOnce(working)).isFalse();
        slot.leave();
        final long waiting = slot.enter(0, true);
        assertThat(slot.isToEndAtOnce(waiting)).isTrue();
        slot.leave();
        slot.enter(0, false);
        assertThat(slot.isToEndAtOnce(waiting))
                .as("there is nothing to wait for")
                .isTrue();
        slot.leave();
    }

    @Test
    void aTokenTellsItsSlot() {
        assertThat(RequestSlot.numberOf(slot.enter(0, false))).isEqualTo(7);
        slot.leave();
        assertThat(RequestSlot.numberOf(slot.enter(0, false))).isEqualTo(7);
        slot.leave();
    }

    @Test
    void onlyARequestHasAnAge() {
        assertThat(slot.age(100)).isEqualTo(-1);
        slot.enter(40, false);
        assertThat(slot.age(100)).isEqualTo(60);
        slot.leave();
        assertThat(slot.age(100)).isEqualTo(-1);
        slot.interruptAny();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    @Test
    void noInterruptOutlivesItsRequestInAnyInterleaving() throws Exception {
        final int rounds = 20_000;
        // A token that belongs to no request, until the first request starts.
        final AtomicLong current = new AtomicLong(Long.MAX_VALUE);
        final var begin = new CyclicBarrier(2);
        final Thread interrupter = new Thread(() -> {
            try {
                begin.await();
            } catch (final Exception e) {
                throw new IllegalStateException(e);
            }
            while (current.get() >= 0) {
                slot.interrupt(current.get());
            }
        });
        interrupter.start();
        begin.await();
        int leaked = 0;
        for (int i = 0; i < rounds; i++) {
            current.set(slot.enter(0, false));
            slot.leave();
            if (Thread.interrupted()) {
                leaked++;
            }
        }
        current.set(-1);
        interrupter.join();
        assertThat(leaked).isZero();
    }
}
