package dev.ninepin.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.channel.Channel;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.session.exchange.RequestTimeoutException;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.Cuts;
import dev.ninepin.testing.CuttingChannel;
import dev.ninepin.testing.ForwardingChannel;
import dev.ninepin.testing.Logged;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests of the deadline, the status and the log of a session whose server is silent or away. The server is in memory. */
@Timeout(60)
class SilentServerTest {
    private static final SessionOptions OPTIONS = SessionOptions.defaults(0);
    private static final Duration SHORT = Duration.ofMillis(300);

    private final LyingServer server = new LyingServer();
    private final Cuts cuts = new Cuts();
    private final AtomicBoolean silent = new AtomicBoolean();

    /** Whether the server leaves requests for attributes unanswered. */
    private final AtomicBoolean slow = new AtomicBoolean();

    private final AtomicBoolean away = new AtomicBoolean();
    private final AtomicInteger refused = new AtomicInteger();

    private Channel open() throws IOException {
        if (away.get()) {
            throw new IOException("nothing listens, attempt " + refused.incrementAndGet());
        }
        return new CuttingChannel(
                new AnsweringChannel((tag, request) -> silent.get() || (slow.get() && request instanceof Tgetattr)
                        ? List.of()
                        : server.answer(tag, request)),
                cuts);
    }

    private static Rgetattr request(final Session session) throws IOException {
        return session.repeatIfLost(
                () -> session.getattr(session.fids().first(), AttrMask.BASIC).await());
    }

    private static void assertTimeout(final Session session) {
        assertThatThrownBy(() -> request(session)).isInstanceOf(RequestTimeoutException.class);
    }

    /**
     * Cuts the connection with a request that the session does not send otherwise, and that it sends even to a silent
     * server.
     */
    private void cut(final Session session) throws IOException {
        cuts.plan(Tclunk.class, Cuts.Moment.BEFORE_ARRIVAL);
        session.fids().clunk(session.fids().take());
    }

    @Test
    void requestsFailAtOnceWhileTheConnectionToASilentServerCannotBeMadeAgain() throws Exception {
        try (Session session = Session.connect(this::open, OPTIONS.withRequestTimeout(SHORT))) {
            silent.set(true);
            assertTimeout(session);
            assertThat(session.status().state()).isEqualTo(SessionStatus.State.SILENT);
            assertThat(session.status().patienceNanos()).isZero();

            // One of these requests finds that the server has been silent for long.
            away.set(true);
            await().until(() -> {
                assertTimeout(session);
                return session.status().state() == SessionStatus.State.RECONNECTING;
            });
            await().until(() -> session.status().patienceNanos() == 0);
            final int before = refused.get();
            final long begin = System.nanoTime();
            assertTimeout(session);
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1));
            await().untilAsserted(
                            () -> assertThat(refused).as("the request asks").hasValueGreaterThan(before));

            silent.set(false);
            away.set(false);
            await().until(() -> session.connection() == 1);
            assertThat(request(session).size()).isZero();
        }
    }

    @Test
    void aSilentServerIsFoundOutWithinThePatienceThoughASlowOneHasLonger() throws Exception {
        final Duration least = Duration.ofSeconds(5);
        try (Session session = Session.connect(this::open, OPTIONS.withPatience(Duration.ZERO))) {
            silent.set(true);
            final long begin = System.nanoTime();
            assertTimeout(session);
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(least, least.plus(Duration.ofSeconds(5)));
            assertTimeout(session);
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(least.plus(Duration.ofSeconds(5)));

            silent.set(false);
            await().until(() -> {
                try {
                    return request(session).size() == 0;
                } catch (final RequestTimeoutException e) {
                    session.fids().clunk(session.fids().take());
                    return false;
                }
            });
            // Slow, but not silent: other requests are answered.
            slow.set(true);
            try (BackgroundCall<Rgetattr> waiting = BackgroundCall.start("waiting", () -> request(session))) {
                await().atMost(least.multipliedBy(4)).until(() -> {
                    final var unused = session.statfs(session.fids().first()).await();
                    return System.nanoTime() - begin > least.multipliedBy(3).toNanos();
                });
                assertThat(waiting.isDone()).isFalse();
                waiting.interrupt();
                assertThat(waiting.failure()).isInstanceOf(IOException.class);
            }
        }
    }

    @Test
    void requestsWaitNotLongerIfTheConnectionToASilentServerIsLost() throws Exception {
        try (Session session = Session.connect(this::open, OPTIONS)) {
            silent.set(true);
            try (BackgroundCall<Rgetattr> waiting = BackgroundCall.start("waiting", () -> request(session))) {
                await().until(() -> session.status().silentNanos() > SHORT.toNanos());
                away.set(true);
                cut(session);
                assertThat(session.status().state()).isEqualTo(SessionStatus.State.RECONNECTING);
                assertThat(Duration.ofNanos(session.status().patienceNanos()))
                        .isBetween(Duration.ofSeconds(30), SessionOptions.DEFAULT_PATIENCE.minus(SHORT));

                silent.set(false);
                away.set(false);
                assertThat(waiting.result().size()).isZero();
            }
        }
    }

    @Test
    void aServerIsShownAsSilentWhileRequestsStillWait() throws Exception {
        final Duration patience = Duration.ofSeconds(1);
        try (Session session = Session.connect(this::open, OPTIONS.withPatience(patience))) {
            assertThat(session.status().silentNanos()).as("no request waits").isZero();
            silent.set(true);
            try (BackgroundCall<Rgetattr> waiting = BackgroundCall.start("waiting", () -> request(session))) {
                await().until(() -> session.status().state() == SessionStatus.State.SILENT);
                assertThat(session.status().silentNanos()).isGreaterThanOrEqualTo(patience.toNanos());
                assertThat(session.status().patienceNanos()).isZero();
                assertThat(waiting.isDone()).isFalse();

                silent.set(false);
                assertThat(request(session).size()).isZero();
                assertThat(session.status().state()).isEqualTo(SessionStatus.State.CONNECTED);
                assertThat(session.status().patienceNanos()).isPositive();
                waiting.interrupt();
                assertThat(waiting.failure()).isInstanceOf(IOException.class);
            }
            assertThat(session.status().silentNanos()).isZero();
        }
    }

    @Test
    void aRequestDoesNotWaitUntilTheChannelOfASilentServerIsClosed() throws Exception {
        final CountDownLatch closing = new CountDownLatch(1);
        final CountDownLatch mayClose = new CountDownLatch(1);
        try (Session session = Session.connect(
                () -> new ForwardingChannel(open()) {
                    @Override
                    public void close() {
                        closing.countDown();
                        try {
                            mayClose.await();
                        } catch (final InterruptedException e) {
                            throw new AssertionError("nobody interrupts the close", e);
                        }
                        super.close();
                    }
                },
                OPTIONS.withRequestTimeout(SHORT).withPatience(Duration.ZERO))) {
            silent.set(true);
            assertTimeout(session);
            try {
                await().until(() -> {
                    assertTimeout(session);
                    return session.status().state() == SessionStatus.State.RECONNECTING;
                });
                closing.await();
                assertTimeout(session);
            } finally {
                mayClose.countDown();
                silent.set(false);
            }
            await().until(() -> session.connection() == 1);
        }
    }

    @Test
    void anOutageIsOneWarningWhateverTheAttemptsFailWith() throws Exception {
        try (Session session = Session.connect(this::open, OPTIONS);
                Logged log = Logged.debugFrom(Connections.class)) {
            away.set(true);
            cut(session);
            await().until(() -> session.status().tries() > 2);
            assertThat(session.status().tryFailure().orElseThrow()).startsWith("nothing listens, attempt ");
            away.set(false);
            await().until(() -> session.connection() == 1);

            await().untilAsserted(() -> assertThat(newsOf(log)).hasSize(3));
            assertThat(newsOf(log).get(0)).startsWith("WARN The connection to the server has ended");
            assertThat(newsOf(log).get(1))
                    .isEqualTo("INFO Cannot connect to the server again; further attempts follow:"
                            + " nothing listens, attempt 1");
            assertThat(newsOf(log).get(2))
                    .startsWith("INFO Connected to the server again after ")
                    .endsWith(" and " + refused.get() + " failed attempts");
        }
    }

    @Test
    void theGivingUpOfASilentServerIsNoSecondWarning() throws Exception {
        try (Session session = Session.connect(this::open, OPTIONS.withRequestTimeout(SHORT));
                Logged log = Logged.debugFrom(Connections.class)) {
            silent.set(true);
            assertTimeout(session);
            away.set(true);
            cut(session);
            await().until(() -> !newsOf(log).isEmpty());
            assertThat(newsOf(log).get(0)).startsWith("INFO The connection to the server is given up");
            silent.set(false);
            away.set(false);
            await().until(() -> session.connection() == 1);
        }
    }

    @Test
    void thePauseAfterAConnectionThatEndsEarlyIsNoFailedAttempt() throws Exception {
        try (Session session = Session.connect(this::open, OPTIONS);
                Logged log = Logged.debugFrom(Connections.class)) {
            for (int number = 1; number < 4; number++) {
                cut(session);
                final int next = number;
                await().until(() -> session.connection() == next);
            }
            await().untilAsserted(() -> assertThat(newsOf(log))
                    .filteredOn(line -> line.startsWith("INFO Connected"))
                    .hasSize(3)
                    .allMatch(line -> line.endsWith(" and 0 failed attempts")));
        }
    }

    private static List<String> newsOf(final Logged log) {
        return log.lines().stream().filter(line -> !line.startsWith("DEBUG")).toList();
    }
}
