package dev.ninepin.share.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.testing.BackgroundCall;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class UninterruptedTest {
    @Test
    void whatIsDoneSeesNoInterruptAndTheCallerKeepsIt() throws IOException {
        final AtomicBoolean seen = new AtomicBoolean();
        Thread.currentThread().interrupt();

        Uninterrupted.run(() -> seen.set(Thread.currentThread().isInterrupted()));

        assertThat(Thread.interrupted()).isTrue();
        assertThat(seen).isFalse();
    }

    @Test
    void anInterruptMeanwhileDoesNotEndIt() throws Exception {
        final CountDownLatch begun = new CountDownLatch(1);
        final CountDownLatch go = new CountDownLatch(1);
        final AtomicBoolean done = new AtomicBoolean();
        try (BackgroundCall<Boolean> caller = BackgroundCall.start("caller", () -> {
            Uninterrupted.run(() -> {
                begun.countDown();
                await(go);
                done.set(true);
            });
            return Thread.interrupted() && done.get();
        })) {
            begun.await();
            caller.interrupt();
            caller.awaitInside("run");
            go.countDown();

            assertThat(caller.result()).isTrue();
        }
    }

    @Test
    void aFailureIsTheCallers() {
        final IOException failure = new IOException("as it is");

        assertThatThrownBy(() -> Uninterrupted.run(() -> {
                    throw failure;
                }))
                .isSameAs(failure);
    }

    private static void await(final CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (final InterruptedException e) {
            throw new IOException("interrupted", e);
        }
    }
}
