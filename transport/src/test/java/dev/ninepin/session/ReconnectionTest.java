package dev.ninepin.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.channel.Channel;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rattach;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rversion;
import dev.ninepin.p9.Tattach;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Tflush;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.p9.Tlopen;
import dev.ninepin.p9.Tmkdir;
import dev.ninepin.p9.Tread;
import dev.ninepin.p9.Tversion;
import dev.ninepin.session.exchange.RequestTimeoutException;
import dev.ninepin.session.exchange.SessionEndedException;
import dev.ninepin.session.fid.FidTable.Lease;
import dev.ninepin.session.fid.PathFid;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.Cuts;
import dev.ninepin.testing.CuttingChannel;
import dev.ninepin.testing.Leftovers;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Tests of a session that goes on over another channel. The server is in memory, and loses its fids with the channel.
 */
@Timeout(60)
class ReconnectionTest {
    private static final ByteString FILE = ByteString.of("file");
    private static final SessionOptions OPTIONS = SessionOptions.defaults(0);

    private final Cuts cuts = new Cuts();
    private final AtomicReference<LyingServer> server = new AtomicReference<>(server());

    /** How many channels were opened. */
    private final AtomicInteger opened = new AtomicInteger();

    /** Why no channel can be opened; null if one can. */
    private final AtomicReference<IOException> away = new AtomicReference<>();

    private static LyingServer server() {
        final LyingServer server = new LyingServer();
        server.put("file", LyingServer.S_IFREG | 0644, (byte) 'x');
        return server;
    }

    private Channel open() throws IOException {
        opened.incrementAndGet();
        final IOException reason = away.get();
        if (reason != null) {
            throw new IOException(reason.getMessage());
        }
        return new CuttingChannel(new AnsweringChannel(server.get()), cuts);
    }

    /** Sends a request that the session sends nowhere else, and cuts the connection. */
    private void cut(final Session session) {
        cuts.plan(Tlopen.class, Cuts.Moment.BEFORE_ARRIVAL);
        assertThatThrownBy(() -> session.lopen(session.fids().first(), 0).await())
                .isInstanceOf(SessionEndedException.class);
    }

    private static void awaitConnection(final Session session, final int number) {
        await().until(() -> session.connection() == number);
    }

    @ParameterizedTest
    @EnumSource
    void aRequestIsRepeatedOverANewFid(final Cuts.Moment moment) throws Exception {
        try (Session session = Session.connect(this::open, OPTIONS)) {
            final PathFid path = session.fids().newPath(session.fids().root(), FILE, qidOfFile(session));
            cuts.plan(Tgetattr.class, moment);
            final long size = session.repeatIfLost(() -> {
                try (Lease lease = session.fids().lease(path)) {
                    return session.getattr(lease.fid(), AttrMask.BASIC).await().size();
                }
            });

            assertThat(size).isOne();
            assertThat(session.connection()).isOne();
            assertThat(session.status().state()).isEqualTo(SessionStatus.State.CONNECTED);
            assertThat(session.status().unexpectedEnd()).isEmpty();
            assertThat(session.status().tagsUsed()).isZero();
            assertThat(session.fids().used()).as("the root and the file").isEqualTo(2);
        }
    }

    private static Qid qidOfFile(final Session session) throws IOException {
        final var walked = session.fids().walk(session.fids().root(), FILE);
        session.fids().clunk(walked.fid());
        return walked.qid();
    }

    @Test
    void aRequestOverALostFidIsNotSentAndLeadsToNoOtherFile() throws Exception {
        try (Session session = Session.connect(this::open, OPTIONS)) {
            final int before = session.fids().walk(session.fids().root(), FILE).fid();
            cut(session);
            awaitConnection(session, 1);
            final int after = session.fids().walk(session.fids().root(), FILE).fid();

            assertThat(after).isNotEqualTo(before);
            assertThat(session.fids().isLost(before)).isTrue();
            cuts.record();
            assertThatThrownBy(() -> session.read(before, 0, 1).await())
                    .isInstanceOfSatisfying(SessionEndedException.class, e -> {
                        assertThat(e.isUnsent()).isTrue();
                        assertThat(e.connection()).isZero();
                    });
            session.fids().clunk(before);
            assertThat(cuts.sent()).isEmpty();
            assertThat(session.fids().used()).as("the root and the second fid").isEqualTo(2);
            session.fids().clunk(after);
        }
    }

    @Test
    void aFidFromOutsideIsNotTriedAgainForEver() throws Exception {
        try (Session session = Session.connect(this::open, OPTIONS)) {
            final int before = session.fids().walk(session.fids().root(), FILE).fid();
            cut(session);
            awaitConnection(session, 1);
            final AtomicInteger runs = new AtomicInteger();

            assertThatThrownBy(() -> session.repeatIfLost(() -> {
                        runs.incrementAndGet();
                        return session.read(before, 0, 1).await();
                    }))
                    .isInstanceOf(SessionEndedException.class);
            assertThat(runs.get()).isOne();
            session.fids().clunk(before);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRequestThatMayHaveChangedANameIsNotRepeated(final Cuts.Moment moment) throws Exception {
        try (Session session = Session.connect(this::open, OPTIONS)) {
            cuts.plan(Tmkdir.class, moment);
            final AtomicInteger runs = new AtomicInteger();

            assertThatThrownBy(() -> session.repeatIfLost(() -> {
                        runs.incrementAndGet();
                        return session.mkdir(session.fids().first(), ByteString.of("directory"), 0755, 0)
                                .await();
                    }))
                    .isInstanceOfSatisfying(SessionEndedException.class, e -> {
                        assertThat(e.isUnsent()).isFalse();
                        assertThat(e.isRepeatable()).isFalse();
                    });
            assertThat(runs.get()).isOne();
        }
    }

    @Test
    void aFileThatWasReplacedMeanwhileIsStale() throws Exception {
        try (Session session = Session.connect(this::open, OPTIONS)) {
            final PathFid path = session.fids().newPath(session.fids().root(), FILE, qidOfFile(session));
            session.fids().lease(path).close();
            server.get().put("file", LyingServer.S_IFREG | 0644, (byte) 'y');
            cut(session);

            assertThatThrownBy(() -> session.repeatIfLost(() -> {
                        try (Lease lease = session.fids().lease(path)) {
                            return session.getattr(lease.fid(), AttrMask.BASIC).await();
                        }
                    }))
                    .isInstanceOf(StaleFileException.class);
        }
    }

    @Test
    void requestsWaitForTheServerUpToTheTimeoutAndThenFailAtOnce() throws Exception {
        final Duration patience = Duration.ofMillis(400);
        try (Session session = Session.connect(this::open, OPTIONS.withPatience(patience))) {
            away.set(new IOException("nothing listens"));
            cut(session);
            final long begin = System.nanoTime();
            assertThatThrownBy(() -> session.repeatIfLost(
                            () -> session.getattr(0, AttrMask.BASIC).await()))
                    .isInstanceOf(RequestTimeoutException.class);
            assertThat(Duration.ofNanos(System.nanoTime() - begin))
                    .isBetween(patience.dividedBy(2), patience.multipliedBy(5));

            final SessionStatus status = session.status();
            assertThat(status.state()).isEqualTo(SessionStatus.State.RECONNECTING);
            assertThat(status.connected()).isFalse();
            assertThat(status.tries()).isPositive();
            assertThat(status.unexpectedEnd().orElseThrow().reason()).contains("cut by the test");
            final long again = System.nanoTime();
            assertThatThrownBy(() -> session.repeatIfLost(
                            () -> session.getattr(0, AttrMask.BASIC).await()))
                    .isInstanceOf(RequestTimeoutException.class);
            assertThat(Duration.ofNanos(System.nanoTime() - again)).isLessThan(patience);

            away.set(null);
            awaitConnection(session, 1);
            assertThat(session.status().state()).isEqualTo(SessionStatus.State.CONNECTED);
        }
    }

    @Test
    void anInterruptEndsTheWaitForTheServer() throws Exception {
        try (Session session = Session.connect(this::open, OPTIONS)) {
            away.set(new IOException("nothing listens"));
            cut(session);
            try (BackgroundCall<?> waiting = BackgroundCall.start(
                            "waiting",
                            () -> session.repeatIfLost(
                                    () -> session.getattr(0, AttrMask.BASIC).await()))
                    .awaitInside("awaitConnectionAfter")) {
                waiting.interrupt();
                assertThat(waiting.failure()).isInstanceOf(InterruptedIOException.class);
            }
        }
    }

    @Test
    void closingDoesNotWaitForTheServer() throws Exception {
        final Leftovers before = Leftovers.now();
        final CountDownLatch opening = new CountDownLatch(1);
        final CountDownLatch never = new CountDownLatch(1);
        final Session session = Session.connect(
                () -> {
                    if (opened.getAndIncrement() == 0) {
                        return new CuttingChannel(new AnsweringChannel(server.get()), cuts);
                    }
                    opening.countDown();
                    try {
                        never.await();
                    } catch (final InterruptedException e) {
                        throw new InterruptedIOException();
                    }
                    throw new AssertionError();
                },
                OPTIONS);
        cut(session);
        opening.await();
        try (BackgroundCall<?> waiting = BackgroundCall.start(
                        "waiting",
                        () -> session.repeatIfLost(
                                () -> session.getattr(0, AttrMask.BASIC).await()))
                .awaitInside("awaitConnectionAfter")) {
            final long begin = System.nanoTime();
            session.close();
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1));
            assertThat(waiting.failure()).isInstanceOf(SessionEndedException.class);
        }
        assertThat(session.status().state()).isEqualTo(SessionStatus.State.ENDED);
        before.awaitNothingNew();
    }

    @Test
    void aSessionOfOneChannelEndsWithIt() throws Exception {
        try (Session session = Session.connect(open(), OPTIONS)) {
            cut(session);
            assertThat(session.status().state()).isEqualTo(SessionStatus.State.ENDED);
            assertThatThrownBy(() -> session.repeatIfLost(
                            () -> session.getattr(0, AttrMask.BASIC).await()))
                    .isInstanceOf(SessionEndedException.class);
            assertThat(opened.get()).isOne();
        }
    }

    @Test
    void aSmallerMsizeAppliesFromTheNextConnectionOn() throws Exception {
        final AtomicInteger msize = new AtomicInteger(65536);
        final LyingServer lying = server.get();
        lying.lie(Tversion.class, (request, truth) -> new Rversion(msize.get(), Tversion.VERSION_9P2000_L));
        try (Session session = Session.connect(this::open, OPTIONS)) {
            assertThat(session.msize()).isEqualTo(65536);
            msize.set(8192);
            cut(session);
            awaitConnection(session, 1);
            assertThat(session.maxIo()).isEqualTo(8192 - 24);
        }
    }

    @Test
    void aServerThatOffersAnotherTreeIsNotTakenForTheOldOne() throws Exception {
        try (Session session = Session.connect(this::open, OPTIONS)) {
            final LyingServer before = server.get();
            final LyingServer other = server();
            other.lie(Tattach.class, (request, truth) -> new Rattach(new Qid(Qid.DIR, 0, 4711)));
            server.set(other);
            cut(session);
            await().until(() -> session.status().tries() > 1);
            assertThat(session.status().state()).isEqualTo(SessionStatus.State.RECONNECTING);
            assertThat(session.status().tryFailure().orElseThrow()).contains("another directory than before");

            server.set(before);
            awaitConnection(session, 1);
            assertThat(session.status().tryFailure()).isEmpty();
        }
    }

    @Test
    void whatIsToBeDoneAfterTheReturnMaySendRequests() throws Exception {
        try (Session session = Session.connect(this::open, OPTIONS)) {
            final AtomicReference<Object> seen = new AtomicReference<>();
            session.setReconnectAction(() -> {
                try {
                    seen.set(session.getattr(session.fids().first(), AttrMask.BASIC)
                            .await());
                } catch (final IOException e) {
                    seen.set(e);
                }
            });
            cut(session);
            await().until(() -> seen.get() instanceof Rgetattr);
        }
    }

    @Test
    void aConnectionThatEndsAtOnceIsNotFollowedByAnotherAtOnce() throws Exception {
        try (Session session = Session.connect(this::open, OPTIONS)) {
            final long begin = System.nanoTime();
            for (int number = 0; number < 4; number++) {
                awaitConnection(session, number);
                cut(session);
            }
            awaitConnection(session, 4);
            // The pauses after the second connection and later are at least 0.075, 0.15 and 0.3 s.
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(Duration.ofMillis(400));
        }
    }

    @Test
    void readsInFlightOfManyThreadsAllGoOn() throws Exception {
        try (Session session = Session.connect(this::open, OPTIONS)) {
            final PathFid path = session.fids().newPath(session.fids().root(), FILE, qidOfFile(session));
            cuts.plan(Tread.class, Cuts.Moment.BEFORE_ANSWER);
            BackgroundCall.inThreads(8, thread -> {
                for (int i = 0; i < 200; i++) {
                    final int count = session.repeatIfLost(() -> {
                        final int fid = session.fids().copy(path);
                        try {
                            session.lopen(fid, 0).await();
                            try (var reply = session.read(fid, 0, 10).await()) {
                                return reply.data().remaining();
                            }
                        } finally {
                            session.fids().clunk(fid);
                        }
                    });
                    assertThat(count).isOne();
                    if (thread == 0 && i % 50 == 49) {
                        cuts.plan(Tread.class, Cuts.Moment.BEFORE_ARRIVAL);
                    }
                }
            });
            assertThat(cuts.made()).isGreaterThan(3);
            // No thread waits for the replies to the last clunks.
            await().untilAsserted(() -> {
                assertThat(session.status().tagsUsed()).isZero();
                assertThat(session.fids().used()).isEqualTo(2);
            });
        }
    }

    @Test
    void aSilentServerIsFoundOutOnceAndLeftForAnotherConnection() throws Exception {
        final Duration timeout = Duration.ofMillis(300);
        final AtomicBoolean silent = new AtomicBoolean();
        try (Session session = Session.connect(
                () -> new AnsweringChannel((tag, request) ->
                        silent.get() ? List.of() : server.get().answer(tag, request)),
                OPTIONS.withRequestTimeout(timeout))) {
            silent.set(true);
            assertThatThrownBy(() -> session.getattr(0, AttrMask.BASIC).await())
                    .isInstanceOf(RequestTimeoutException.class);
            assertThat(session.status().state()).isEqualTo(SessionStatus.State.SILENT);

            final long begin = System.nanoTime();
            for (int i = 0; i < 10; i++) {
                assertThatThrownBy(() -> session.statfs(0).await()).isInstanceOf(RequestTimeoutException.class);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(timeout);

            silent.set(false);
            await().until(() -> session.repeatIfLost(() -> {
                        try (Lease root = session.fids().lease(session.fids().root())) {
                            return session.getattr(root.fid(), AttrMask.BASIC).await();
                        } catch (final RequestTimeoutException e) {
                            return null;
                        }
                    })
                    != null);
            assertThat(session.connection()).isOne();
            assertThat(session.status().state()).isEqualTo(SessionStatus.State.CONNECTED);
        }
    }

    @Test
    void aRequestWaitsForTheNextConnectionAfterASilentOneHasEnded() throws Exception {
        final AtomicBoolean silent = new AtomicBoolean();
        try (Session session = Session.connect(
                () -> {
                    final IOException reason = away.get();
                    if (reason != null) {
                        throw reason;
                    }
                    return new CuttingChannel(
                            new AnsweringChannel((tag, request) ->
                                    silent.get() ? List.of() : server.get().answer(tag, request)),
                            cuts);
                },
                OPTIONS.withRequestTimeout(Duration.ofMillis(300)))) {
            final int fid = session.fids().walk(session.fids().root(), FILE).fid();
            silent.set(true);
            assertThatThrownBy(() -> session.getattr(fid, AttrMask.BASIC).await())
                    .isInstanceOf(RequestTimeoutException.class);
            assertThat(session.status().state()).isEqualTo(SessionStatus.State.SILENT);
            away.set(new IOException("nothing listens"));
            cuts.plan(Tclunk.class, Cuts.Moment.BEFORE_ARRIVAL);
            session.fids().clunk(fid);
            assertThat(session.status().state()).isEqualTo(SessionStatus.State.RECONNECTING);

            try (BackgroundCall<Rgetattr> waiting = BackgroundCall.start(
                            "waiting",
                            () -> session.repeatIfLost(
                                    () -> session.getattr(session.fids().first(), AttrMask.BASIC)
                                            .await()))
                    .awaitInside("awaitConnectionAfter")) {
                silent.set(false);
                away.set(null);
                assertThat(waiting.result().size()).isZero();
            }
        }
    }

    @Test
    void aSilentServerThatAnswersLateIsUsedAgain() throws Exception {
        final AtomicBoolean silent = new AtomicBoolean();
        final List<ByteBuffer> late = new CopyOnWriteArrayList<>();
        try (Session session = Session.connect(
                () -> new AnsweringChannel((tag, request) -> {
                    late.addAll(server.get().answer(tag, request));
                    final List<ByteBuffer> now = silent.get() ? List.of() : List.copyOf(late);
                    if (!silent.get()) {
                        late.clear();
                    }
                    return now;
                }),
                OPTIONS.withRequestTimeout(Duration.ofSeconds(1)))) {
            final int fid = session.fids().walk(session.fids().root(), FILE).fid();
            silent.set(true);
            assertThatThrownBy(() -> session.getattr(fid, AttrMask.BASIC).await())
                    .isInstanceOf(RequestTimeoutException.class);
            assertThat(session.status().state()).isEqualTo(SessionStatus.State.SILENT);

            silent.set(false);
            session.fids().clunk(fid);
            await().until(() -> session.status().state() == SessionStatus.State.CONNECTED);
            assertThat(session.getattr(session.fids().first(), AttrMask.BASIC)
                            .await()
                            .size())
                    .isZero();
            assertThat(session.connection()).isZero();
            await().until(() -> session.status().tagsUsed() == 0);
        }
    }

    @Test
    void aServerThatIsOnlySlowIsNotTakenForSilent() throws Exception {
        final Duration timeout = Duration.ofMillis(300);
        try (Session session = Session.connect(
                () -> new AnsweringChannel((tag, request) ->
                        // As QEMU does, the server answers neither the request nor its Tflush before it is done.
                        request instanceof Tgetattr
                                        || (request instanceof Tflush flush && flush.oldtag() != Frame.NOTAG)
                                ? List.of()
                                : server.get().answer(tag, request)),
                OPTIONS.withRequestTimeout(timeout))) {
            assertThatThrownBy(() -> session.getattr(0, AttrMask.BASIC).await())
                    .isInstanceOf(RequestTimeoutException.class);

            assertThat(session.status().state()).isEqualTo(SessionStatus.State.CONNECTED);
            assertThat(session.statfs(0).await().namelen()).isPositive();
        }
    }
}
