package dev.ninepin.fuse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LateRepliesTest {
    private final Timer timer = new Timer();
    private final LateReplies replies = new LateReplies(timer);
    private final AtomicInteger answers = new AtomicInteger();
    private final CountDownLatch answered = new CountDownLatch(1);

    @AfterEach
    void close() {
        timer.close();
    }

    private boolean run(final Runnable work) {
        return replies.run(work, () -> {
            answers.incrementAndGet();
            answered.countDown();
        });
    }

    @Test
    void workThatEndsSoonIsNotAnswered() {
        assertThat(run(() -> {})).isTrue();
        assertThat(answers).hasValue(0);
    }

    @Test
    void workThatWaitsForTheAnswerGetsIt() {
        assertThat(run(() -> {
                    try {
                        assertThat(answered.await(60, TimeUnit.SECONDS)).isTrue();
                    } catch (final InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }))
                .isFalse();
        assertThat(answers).hasValue(1);
    }

    @Test
    void afterAFailureNobodyElseAnswers() {
        assertThatThrownBy(() -> run(() -> {
                    throw new OutOfMemoryError("of a test");
                }))
                .isInstanceOf(OutOfMemoryError.class);
        assertThat(answers).hasValue(0);
    }
}
