package dev.ninepin.virtio.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ReplyWaitTest {
    private final AtomicLong clock = new AtomicLong(-50);
    private final AtomicInteger checks = new AtomicInteger();
    private final ReplyWait replyWait =
            new ReplyWait(checks::incrementAndGet, () -> true, clock::get, Optional.empty());

    @Test
    void withNothingInFlightItSleepsUntilItIsWoken() throws Exception {
        replyWait.begin();
        assertThat(replyWait.nextSleepNanos()).isEqualTo(Long.MAX_VALUE);

        replyWait.countPosted();
        assertThat(replyWait.nextSleepNanos()).isZero();

        replyWait.countAnswered();
        assertThat(replyWait.nextSleepNanos()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void itSpinsAndThenSleepsForAnEighthOfTheTimeWaited() throws Exception {
        replyWait.begin();
        replyWait.countPosted();
        clock.addAndGet(ReplyWait.SPIN - 1);
        assertThat(replyWait.nextSleepNanos()).isZero();
        clock.addAndGet(1);
        assertThat(replyWait.nextSleepNanos()).isEqualTo(ReplyWait.SPIN / 8);
        clock.addAndGet(ReplyWait.SPIN);
        assertThat(replyWait.nextSleepNanos()).isEqualTo(ReplyWait.SPIN / 4);
        clock.addAndGet(1000 * ReplyWait.SPIN);
        assertThat(replyWait.nextSleepNanos()).isEqualTo(ReplyWait.LONGEST_SLEEP);
    }

    @Test
    void aNewRequestStartsTheWaitAnew() throws Exception {
        replyWait.begin();
        replyWait.countPosted();
        clock.addAndGet(10 * ReplyWait.SPIN);
        assertThat(replyWait.nextSleepNanos()).isPositive();

        replyWait.countPosted();
        replyWait.noteFlush();
        replyWait.pause();

        assertThat(replyWait.nextSleepNanos()).isZero();
    }

    @Test
    void theDeviceIsAskedForItsHealthNowAndThen() throws Exception {
        replyWait.begin();
        replyWait.countPosted();
        for (long waited = 0; waited < 10 * ReplyWait.HEALTH_INTERVAL; waited += ReplyWait.LONGEST_SLEEP) {
            clock.addAndGet(ReplyWait.LONGEST_SLEEP);
            assertThat(replyWait.nextSleepNanos()).isPositive();
        }

        assertThat(checks).hasValue(10);
    }

    @Test
    void withAnInterruptItSpinsAndThenSleepsUntilTheNextLookAtTheDevice() throws Exception {
        final List<Long> sleeps = new ArrayList<>();
        final AtomicInteger wakes = new AtomicInteger();
        final ReplyWait interrupted = new ReplyWait(
                checks::incrementAndGet, () -> false, clock::get, Optional.of(new ReplyWait.InterruptSleep() {
                    @Override
                    public void sleep(final long nanos) {
                        sleeps.add(nanos);
                    }

                    @Override
                    public void wake() {
                        wakes.incrementAndGet();
                    }
                }));
        interrupted.countPosted();
        interrupted.begin();
        interrupted.pause();
        assertThat(sleeps).isEmpty();

        clock.addAndGet(ReplyWait.SPIN);
        interrupted.pause();
        assertThat(sleeps).containsExactly(ReplyWait.HEALTH_INTERVAL);

        interrupted.noteFlush();
        assertThat(wakes).as("an interrupt comes anyway").hasValue(0);
        interrupted.wake();
        assertThat(wakes).hasValue(1);
    }
}
