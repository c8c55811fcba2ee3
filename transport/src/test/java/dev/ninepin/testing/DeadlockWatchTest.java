package dev.ninepin.testing;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

class DeadlockWatchTest {
    private static final Duration SHORT = Duration.ofMillis(1);
    private static final Duration LONG = Duration.ofMinutes(10);

    @Test
    void twoThreadsThatWaitForEachOtherAreNamed() throws Exception {
        final Lock one = new ReentrantLock();
        final Lock other = new ReentrantLock();
        final CyclicBarrier bothHold = new CyclicBarrier(2);
        final DeadlockWatch watch = DeadlockWatch.over(System::nanoTime, LONG);
        final Thread first = inTurn("first", one, other, bothHold);
        final Thread second = inTurn("second", other, one, bothHold);
        await().until(() -> watch.found().isPresent());
        first.interrupt();
        second.interrupt();
        first.join();
        second.join();
        assertThatThrownBy(watch::close)
                .isInstanceOf(AssertionError.class)
                .hasMessageContainingAll("wait for each other", "first", "second", "inTurn");
    }

    @Test
    void workThatStandsStillIsShown() {
        final DeadlockWatch watch = DeadlockWatch.over(() -> 7, SHORT);
        await().until(() -> watch.found().isPresent());
        assertThatThrownBy(watch::close).hasMessageContainingAll("nothing was done", "main");
    }

    @Test
    void workThatGoesOnIsLeftInPeace() {
        final AtomicLong asked = new AtomicLong();
        final DeadlockWatch watch = DeadlockWatch.over(asked::incrementAndGet, LONG);
        await().until(() -> asked.get() > 2);
        assertThatCode(watch::close).doesNotThrowAnyException();
    }

    private static Thread inTurn(final String name, final Lock one, final Lock other, final CyclicBarrier bothHold) {
        final Thread thread = new Thread(
                () -> {
                    one.lock();
                    try {
                        bothHold.await();
                        other.lockInterruptibly();
                        other.unlock();
                    } catch (final Exception e) {
                        Thread.currentThread().interrupt();
                    } finally {
                        one.unlock();
                    }
                },
                name);
        thread.start();
        return thread;
    }
}
