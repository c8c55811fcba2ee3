package dev.ninepin.session;

import static dev.ninepin.testing.ScriptedServer.attend;
import static dev.ninepin.testing.ScriptedServer.awaitEnd;
import static dev.ninepin.testing.ScriptedServer.frame;
import static dev.ninepin.testing.ScriptedServer.receiveFrame;
import static dev.ninepin.testing.ScriptedServer.sendAll;
import static dev.ninepin.testing.ScriptedServer.welcome;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.channel.stream.StreamChannel;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Message;
import dev.ninepin.p9.Rclunk;
import dev.ninepin.p9.Rflush;
import dev.ninepin.p9.Rreadlink;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Tflush;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Treadlink;
import dev.ninepin.p9.Tversion;
import dev.ninepin.p9.Twrite;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.WaitCondition;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.ScriptedServer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Tests of waits that must end although the server is connected but sends or reads nothing. The timeout is hours, as
 * with {@code timeout=hard}, so it does not end a wait within a test.
 */
@Timeout(60)
class MuteServerTest {
    private static final int FID = 7;
    private static final Rreadlink ANSWER = new Rreadlink(ByteString.of("there"));

    /**
     * Less than the time that a live server has to answer a Tflush, and more than a loaded machine needs to notice a
     * mute server.
     */
    private static final long SOON_NANOS = TimeUnit.SECONDS.toNanos(4);

    @Test
    void anInterruptedRequestToAMuteServerIsGivenUpSoonAndKeepsItsTag() throws Exception {
        final CountDownLatch over = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    final Frame request = receiveFrame(client);
                    final Frame flush = receiveFrame(client);
                    final Frame question = receiveFrame(client);
                    assertThat(flush.message()).isEqualTo(new Tflush(request.tag()));
                    assertThat(question.message()).isEqualTo(new Tflush(Frame.NOTAG));
                    over.await();
                    sendAll(client, frame(request.tag(), ANSWER));
                    sendAll(client, frame(flush.tag(), new Rflush()));
                    sendAll(client, frame(question.tag(), new Rflush()));
                    attend(client);
                });
                Session session = connect(server)) {
            final long begin = System.nanoTime();
            Thread.currentThread().interrupt();

            assertThatThrownBy(() -> session.readlink(FID).await()).isInstanceOf(InterruptedIOException.class);

            assertThat(Thread.interrupted()).isTrue();
            assertThat(System.nanoTime() - begin).isLessThan(SOON_NANOS);
            // The tags of the request, the Tflush, and the question.
            assertThat(session.status().tagsUsed()).isEqualTo(3);
            over.countDown();
            await().untilAsserted(() -> assertThat(session.status().tagsUsed()).isZero());
        }
    }

    @Test
    void anInterruptedRequestToABusyServerThatLivesIsAnswered() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    final Frame request = receiveFrame(client);
                    final Frame flush = receiveFrame(client);
                    final Frame question = receiveFrame(client);
                    sendAll(client, frame(question.tag(), new Rflush()));
                    // Like QEMU, which answers a Tflush after the request.
                    sendAll(client, frame(request.tag(), ANSWER));
                    sendAll(client, frame(flush.tag(), new Rflush()));
                    attend(client);
                });
                Session session = connect(server)) {
            Thread.currentThread().interrupt();

            assertThat(session.readlink(FID).await()).isEqualTo(ANSWER);

            assertThat(Thread.interrupted()).isTrue();
            await().untilAsserted(() -> assertThat(session.status().tagsUsed()).isZero());
        }
    }

    /** More threads than tags, and more requests in flight than tags for Tflush. */
    @Test
    void allInterruptedRequestsAreGivenUpTogether() throws Exception {
        final CountDownLatch over = new CountDownLatch(1);
        final List<Frame> received = new ArrayList<>();
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    over.await();
                    // Eight of the tags are for Tflush.
                    while (received.stream()
                                            .filter(each -> each.message() instanceof Treadlink)
                                            .count()
                                    < 120
                            || received.stream()
                                            .filter(each -> each.message() instanceof Tflush)
                                            .count()
                                    < 8) {
                        received.add(receiveFrame(client));
                    }
                    for (final Frame each : received) {
                        sendAll(client, frame(each.tag(), each.message() instanceof Tflush ? new Rflush() : ANSWER));
                    }
                    attend(client);
                });
                Session session = connect(server)) {
            final List<BackgroundCall<?>> waiting = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                waiting.add(BackgroundCall.start(
                        "waiting " + i, () -> session.readlink(FID).await()));
            }
            await().untilAsserted(() ->
                    assertThat(session.status().requestsInFlight()).isEqualTo(120));
            final long begin = System.nanoTime();

            waiting.forEach(BackgroundCall::interrupt);
            for (final BackgroundCall<?> each : waiting) {
                assertThat(each.failure()).isInstanceOf(InterruptedIOException.class);
            }

            assertThat(System.nanoTime() - begin).isLessThan(SOON_NANOS);
            assertThat(session.status().tagsUsed()).isEqualTo(128);
            over.countDown();
            await().untilAsserted(() -> assertThat(session.status().tagsUsed()).isZero());
        }
    }

    @Test
    void aThreadThatIsNotToBeInterruptedGivesAMuteServerUpWithoutATflush() throws Exception {
        final CompletableFuture<List<Tmessage>> seen = new CompletableFuture<>();
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    final Frame request = receiveFrame(client);
                    final Frame question = receiveFrame(client);
                    seen.complete(List.of((Tmessage) request.message(), (Tmessage) question.message()));
                    awaitEnd(client);
                });
                Session session = connect(server)) {
            final AtomicBoolean givesUp = new AtomicBoolean();
            try (BackgroundCall<?> waiting = BackgroundCall.start("waiting", () -> {
                        try (WaitCondition.Scope scope = WaitCondition.begin(givesUp::get)) {
                            return session.readlink(FID).await();
                        }
                    })
                    .awaitInside("await")) {
                final long begin = System.nanoTime();
                givesUp.set(true);

                assertThat(waiting.failure()).isInstanceOf(InterruptedIOException.class);
                assertThat(System.nanoTime() - begin).isLessThan(SOON_NANOS);
            }
            assertThat(seen.get()).containsExactly(new Treadlink(FID), new Tflush(Frame.NOTAG));
        }
    }

    @Test
    void nobodyWaitsInAWriteToAServerThatReadsNothing() throws Exception {
        final CountDownLatch over = new CountDownLatch(1);
        final CompletableFuture<List<Tmessage>> received = new CompletableFuture<>();
        try (ScriptedServer server = ScriptedServer.start(client -> {
            welcome(client);
            over.await();
            received.complete(answerUntilVersion(client));
            awaitEnd(client);
        })) {
            final int writes;
            try (Session session = connect(server)) {
                final List<Call<Rwrite>> sent = new ArrayList<>();
                try (BackgroundCall<?> writing = BackgroundCall.start("writing", () -> {
                            while (true) {
                                final Call<Rwrite> call = session.write(FID, 0, ByteBuffer.allocate(session.maxIo()));
                                if (call.future().isCompletedExceptionally()) {
                                    return call.await();
                                }
                                sent.add(call);
                            }
                        })
                        .awaitInside("awaitRoom")) {
                    // These requests must be sent, and no thread waits for them.
                    final Call<?> clunk = session.clunk(FID);
                    assertThat(clunk.future()).isNotDone();
                    try (BackgroundCall<?> other = BackgroundCall.start(
                                    "other", () -> session.readlink(FID).await())
                            .awaitInside("awaitRoom")) {
                        other.interrupt();
                        assertThat(other.failure())
                                .isInstanceOf(InterruptedIOException.class)
                                .hasMessage("interrupted before Treadlink was sent");
                    }
                    final Call<Rwrite> first = sent.get(0);
                    try (BackgroundCall<?> reading =
                            BackgroundCall.start("reading", () -> first.await()).awaitInside("await")) {
                        reading.interrupt();
                        assertThat(reading.failure()).isInstanceOf(InterruptedIOException.class);
                    }
                    writing.interrupt();
                    assertThat(writing.failure()).isInstanceOf(InterruptedIOException.class);
                }
                writes = sent.size();
                over.countDown();
                await().untilAsserted(
                                () -> assertThat(session.status().tagsUsed()).isZero());
            }
            // The requests arrive in the order in which they were sent. No part of an unsent request arrives.
            final List<Tmessage> all = received.get();
            assertThat(all.stream().filter(Twrite.class::isInstance)).hasSize(writes);
            assertThat(all.stream().filter(each -> each instanceof Tclunk clunk && clunk.fid() == FID))
                    .hasSize(1);
            assertThat(all.stream().filter(Treadlink.class::isInstance)).isEmpty();
            assertThat(all.stream().filter(each -> each instanceof Tflush flush && flush.oldtag() != Frame.NOTAG))
                    .hasSize(1);
        }
    }

    /** Answers writes, clunks and flushes, and returns all requests before the Tversion that ends the session. */
    private static List<Tmessage> answerUntilVersion(final SocketChannel client) throws Exception {
        final List<Tmessage> received = new ArrayList<>();
        while (true) {
            final Frame request = receiveFrame(client);
            if (request.message() instanceof Tversion) {
                return received;
            }
            received.add((Tmessage) request.message());
            final Message answer = request.message() instanceof Twrite write
                    ? new Rwrite(write.data().remaining())
                    : request.message() instanceof Tclunk ? new Rclunk() : new Rflush();
            sendAll(client, frame(request.tag(), answer));
        }
    }

    @Test
    void aSessionEndsSoonAlthoughTheServerReadsNothing() throws Exception {
        final CountDownLatch over = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.start(client -> {
            welcome(client);
            over.await();
        })) {
            final Session session = connect(server);
            try (BackgroundCall<?> writing = BackgroundCall.start("writing", () -> {
                        Call<Rwrite> call = session.write(FID, 0, ByteBuffer.allocate(session.maxIo()));
                        while (!call.future().isCompletedExceptionally()) {
                            call = session.write(FID, 0, ByteBuffer.allocate(session.maxIo()));
                        }
                        return call.await();
                    })
                    .awaitInside("awaitRoom")) {
                final long begin = System.nanoTime();
                session.close();
                assertThat(System.nanoTime() - begin).isLessThan(SOON_NANOS);
                assertThat(writing.failure()).isInstanceOf(IOException.class);
            } finally {
                over.countDown();
            }
        }
    }

    /** A Tflush before the Rversion is a violation of the protocol. */
    @Test
    void aServerThatDoesNotAnswerTheTversionIsNotAskedForASignOfLife() throws Exception {
        final CompletableFuture<Integer> after = new CompletableFuture<>();
        try (ScriptedServer server = ScriptedServer.start(client -> {
            assertThat(receiveFrame(client).message()).isInstanceOf(Tversion.class);
            after.complete(client.read(ByteBuffer.allocate(1)));
        })) {
            assertThatThrownBy(() -> Session.connect(
                            StreamChannel.unix(server.socket()),
                            SessionOptions.defaults(0).withRequestTimeout(Duration.ofMillis(200))))
                    .hasMessageContaining("the server did not answer Tversion within 0.2 s");
            assertThat(after.get()).isEqualTo(-1);
        }
    }

    private static Session connect(final ScriptedServer server) throws IOException {
        return Session.connect(
                StreamChannel.unix(server.socket()),
                SessionOptions.defaults(0).withRequestTimeout(Duration.ofHours(10)));
    }
}
