package dev.ninepin.share.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.session.SessionStatus;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.Cuts;
import dev.ninepin.testing.CuttingChannel;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
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

    @Test
    void anInterruptEndsTheWaitForAServerThatIsAway() throws Exception {
        final LyingServer server = new LyingServer();
        final Cuts cuts = new Cuts();
        final AtomicBoolean away = new AtomicBoolean();
        try (Session session = Session.connect(
                () -> {
                    if (away.get()) {
                        throw new IOException("nothing listens");
                    }
                    return new CuttingChannel(new AnsweringChannel(server), cuts);
                },
                SessionOptions.defaults(0).withPatience(Duration.ofHours(1)))) {
            away.set(true);
            cuts.plan(Tgetattr.class, Cuts.Moment.BEFORE_ARRIVAL);
            try (BackgroundCall<Boolean> caller = BackgroundCall.start("caller", () -> {
                        Uninterrupted.run(() -> Uninterrupted.run(() -> session.repeatIfLost(
                                () -> session.getattr(session.fids().first(), AttrMask.BASIC)
                                        .await())));
                        return true;
                    })
                    .awaitInside("awaitUninterruptibly")) {
                Awaitility.await().until(() -> session.status().state() == SessionStatus.State.RECONNECTING);
                caller.interrupt();
                assertThat(caller.failure()).isInstanceOf(InterruptedIOException.class);
            }
        }
    }

    private static void await(final CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (final InterruptedException e) {
            throw new IOException("interrupted", e);
        }
    }
}
