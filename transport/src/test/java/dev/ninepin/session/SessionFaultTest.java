package dev.ninepin.session;

import static dev.ninepin.testing.ScriptedServer.attend;
import static dev.ninepin.testing.ScriptedServer.frame;
import static dev.ninepin.testing.ScriptedServer.receiveFrame;
import static dev.ninepin.testing.ScriptedServer.sendAll;
import static dev.ninepin.testing.ScriptedServer.welcome;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.ninepin.channel.stream.StreamChannel;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Message;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rclunk;
import dev.ninepin.p9.Rerror;
import dev.ninepin.p9.Rflush;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.Rread;
import dev.ninepin.p9.Rreaddir;
import dev.ninepin.p9.Rreadlink;
import dev.ninepin.p9.Rwalk;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Tflush;
import dev.ninepin.p9.Treadlink;
import dev.ninepin.session.exchange.Batch;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.exchange.RequestTimeoutException;
import dev.ninepin.session.exchange.SessionEnd;
import dev.ninepin.session.exchange.SessionEndedException;
import dev.ninepin.session.fid.PathFid;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.ScriptedServer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests of a session with a server that gives wrong answers. */
@Timeout(60)
class SessionFaultTest {
    private static final int FID = 7;
    private static final Rreadlink ANSWER = new Rreadlink(ByteString.of("there"));

    @ParameterizedTest
    @CsvSource({"0, 5", "2, 2", "511, 511", "512, 512", "2147483647, 2147483647", "-1, -1"})
    void anErrnoIsTakenAsItIsButNeverZero(final int ecode, final int errno) throws Exception {
        assertThat(errnoOf(new Rlerror(ecode))).isEqualTo(errno);
        assertThat(errnoOf(new Rerror(ecode))).isEqualTo(errno);
    }

    /** nfs-ganesha's ENOMEM means that the file went while the server opened it. */
    @Test
    void aLackOfMemoryIsAStaleFileIfTheServerSendsRerror() throws Exception {
        assertThat(errnoOf(new Rlerror(12))).isEqualTo(12);
        assertThat(errnoOf(new Rerror(12))).isEqualTo(116);
    }

    private static int errnoOf(final Message error) throws Exception {
        try (ScriptedServer server = answering(error, ANSWER);
                Session session = connect(server)) {
            final RemoteException refusal = catchThrowableOfType(
                    RemoteException.class, () -> session.readlink(FID).await());
            assertThat(session.status().connected()).isTrue();
            return refusal.errno();
        }
    }

    @Test
    void aWaitInsideABatchSendsWhatIsQueued() throws Exception {
        try (ScriptedServer server = answering(ANSWER);
                Session session = connect(server);
                Batch batch = session.batch()) {
            assertThat(session.readlink(FID).await()).isEqualTo(ANSWER);
        }
    }

    @Test
    void aReplyOfTheWrongTypeIsDroppedAndCounted() throws Exception {
        try (ScriptedServer server = answering(new Rclunk(), new Tclunk(1), new Rwrite(3), ANSWER);
                Session session = connect(server)) {
            assertThat(session.readlink(FID).await()).isEqualTo(ANSWER);
            assertThat(session.status().strayReplies()).isEqualTo(3);
        }
    }

    @Test
    void aReplyThatNobodyWaitsForIsDroppedAndCounted() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    final Frame request = receiveFrame(client);
                    for (final int tag : new int[] {request.tag() + 1, 127, 128, 40000, Frame.NOTAG}) {
                        sendAll(client, frame(tag, ANSWER));
                    }
                    sendAll(client, frame(request.tag(), ANSWER));
                    attend(client);
                });
                Session session = connect(server)) {
            assertThat(session.readlink(FID).await()).isEqualTo(ANSWER);
            assertThat(session.status().strayReplies()).isEqualTo(5);
        }
    }

    @Test
    void aReplyThatComesTwiceIsNotTheAnswerToTheNextRequest() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    final Frame first = receiveFrame(client);
                    sendAll(client, frame(first.tag(), ANSWER));
                    final Frame second = receiveFrame(client);
                    sendAll(client, frame(first.tag(), ANSWER));
                    sendAll(client, frame(second.tag(), new Rreadlink(ByteString.of("elsewhere"))));
                    attend(client);
                });
                Session session = connect(server)) {
            assertThat(session.readlink(FID).await()).isEqualTo(ANSWER);
            assertThat(session.readlink(FID).await().target()).isEqualTo(ByteString.of("elsewhere"));
            assertThat(session.status().strayReplies()).isEqualTo(1);
        }
    }

    @Test
    void anRreadOfMoreThanWasAskedForEndsTheSession() throws Exception {
        try (ScriptedServer server = answering(new Rread(ByteBuffer.allocate(101)));
                Session session = connect(server)) {
            assertEnded(() -> session.read(FID, 0, 100).await(), "101 bytes of data, but 100 were requested");
        }
    }

    @Test
    void anRwriteOfMoreThanWasSentEndsTheSession() throws Exception {
        try (ScriptedServer server = answering(new Rwrite(-1));
                Session session = connect(server)) {
            assertEnded(
                    () -> session.write(FID, 0, ByteBuffer.allocate(5)).await(),
                    "4294967295 bytes written of 5 bytes sent");
        }
    }

    @Test
    void anRwalkOfMoreNamesThanWereAskedEndsTheSession() throws Exception {
        try (ScriptedServer server = answering(new Rwalk(Collections.nCopies(2, new Qid(0, 0, 1))));
                Session session = connect(server)) {
            assertEnded(() -> session.walk(0, FID, List.of(ByteString.of("a"))).await(), "2 qids for 1 names");
        }
    }

    @Test
    void anRreaddirOfMoreThanWasAskedForEndsTheSession() throws Exception {
        try (ScriptedServer server = answering(new Rreaddir(ByteBuffer.allocate(5000)));
                Session session = connect(server)) {
            assertEnded(() -> session.readdir(FID, 0, 100).await(), "5000 bytes of data, but 100 were requested");
        }
    }

    @Test
    void aDirectoryEntryThatIsCutEndsTheSession() throws Exception {
        final ByteBuffer entry = ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN);
        new Dirent(new Qid(0, 0, 1), 1, 8, ByteString.of("name")).encode(entry);
        entry.flip();
        try (ScriptedServer server = answering(new Rreaddir(entry.limit(entry.limit() - 1)));
                Session session = connect(server)) {
            assertEnded(() -> session.readdir(FID, 0, 100).await(), "a directory entry");
        }
    }

    @Test
    void bytesThatAreNoMessageEndTheSession() throws Exception {
        final ByteBuffer garbage = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        garbage.putInt(0, 64).put(4, (byte) 200);
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    garbage.putShort(5, (short) receiveFrame(client).tag());
                    sendAll(client, garbage);
                    attend(client);
                });
                Session session = connect(server)) {
            assertEnded(() -> session.readlink(FID).await(), "no message of type 200");
        }
    }

    @Test
    void anEndThatNobodyHereAskedForStaysInTheStatusWithItsReasonAndTime() throws Exception {
        final Instant begin = Instant.now();
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    receiveFrame(client);
                });
                Session session = connect(server)) {
            assertThatThrownBy(() -> session.readlink(FID).await()).isInstanceOf(SessionEndedException.class);
            assertThat(session.status().connected()).isFalse();
            final SessionEnd end = session.status().unexpectedEnd().orElseThrow();
            assertThat(end.reason()).isEqualTo("unix:" + server.socket() + ": the server closed the connection");
            assertThat(end.time()).isBetween(begin, Instant.now());
            session.close();
            assertThat(session.status().unexpectedEnd()).contains(end);
        }
    }

    @Test
    void aMalformedAnswerIsNamedAsTheReasonOfTheEnd() throws Exception {
        try (ScriptedServer server = answering(new Rread(ByteBuffer.wrap(new byte[9])));
                Session session = connect(server)) {
            assertThatThrownBy(() -> session.read(FID, 0, 8).await()).isInstanceOf(SessionEndedException.class);
            assertThat(session.status().unexpectedEnd().orElseThrow().reason())
                    .isEqualTo("unix:" + server.socket()
                            + ": the server sent a malformed reply: a reply has 9 bytes of data, but 8 were requested");
        }
    }

    @Test
    void aSessionThatWasClosedHereHasNoUnexpectedEnd() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(client -> {
            welcome(client);
            attend(client);
        })) {
            final Session session = connect(server);
            assertThat(session.status().unexpectedEnd()).isEmpty();
            session.close();
            assertThat(session.status().connected()).isFalse();
            assertThat(session.status().unexpectedEnd()).isEmpty();
        }
    }

    @Test
    void anUnansweredRequestIsFlushedAndItsTagComesBack() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    final Frame request = receiveFrame(client);
                    final Frame flush = receiveFrame(client);
                    assertThat(flush.message()).isEqualTo(new Tflush(request.tag()));
                    sendAll(client, frame(flush.tag(), new Rflush()));
                    attend(client);
                });
                Session session = connect(server, Duration.ofMillis(200))) {
            assertThatThrownBy(() -> session.readlink(FID).await())
                    .isInstanceOf(RequestTimeoutException.class)
                    .hasMessage("the server did not answer Treadlink within 0.2 s");
            awaitTags(session, 0);
        }
    }

    @Test
    void aRequestThatGetsNoTagSaysThatItWasNotSent() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    attend(client);
                });
                Session session = connect(server, Duration.ofMillis(200))) {
            // All tags but those that are reserved for Tflush.
            for (int i = 0; i < 120; i++) {
                session.readlink(FID);
            }

            assertThatThrownBy(() -> session.getattr(FID, 0).await())
                    .isInstanceOf(RequestTimeoutException.class)
                    .hasMessage("cannot send Tgetattr: earlier requests used all tags or data buffers for 0.2 s");
        }
    }

    @Test
    void aReplyThatOvertakesTheRflushIsTheAnswer() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    final Frame request = receiveFrame(client);
                    final Frame flush = receiveFrame(client);
                    sendAll(client, frame(request.tag(), ANSWER));
                    sendAll(client, frame(flush.tag(), new Rflush()));
                    attend(client);
                });
                Session session = connect(server)) {
            Thread.currentThread().interrupt();

            assertThat(session.readlink(FID).await()).isEqualTo(ANSWER);

            assertThat(Thread.interrupted()).isTrue();
            awaitTags(session, 0);
            assertThat(session.status().strayReplies()).isZero();
        }
    }

    @Test
    void aTagIsNotUsedAgainBeforeTheRflushEvenIfTheReplyHasCome() throws Exception {
        final CountDownLatch seen = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    final Frame request = receiveFrame(client);
                    final Frame flush = receiveFrame(client);
                    sendAll(client, frame(request.tag(), ANSWER));
                    seen.await();
                    sendAll(client, frame(flush.tag(), new Rflush()));
                    attend(client);
                });
                Session session = connect(server)) {
            Thread.currentThread().interrupt();
            session.readlink(FID).await();
            Thread.interrupted();

            // The tag of the request and the tag of the Tflush.
            assertThat(session.status().tagsUsed()).isEqualTo(2);
            seen.countDown();
            awaitTags(session, 0);
        }
    }

    @Test
    void anInterruptedCallerWhoseTflushIsNotAnsweredGetsEintrAllTheSame() throws Exception {
        final CountDownLatch late = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    final Frame request = receiveFrame(client);
                    final Frame flush = receiveFrame(client);
                    late.await();
                    sendAll(client, frame(request.tag(), ANSWER));
                    sendAll(client, frame(flush.tag(), new Rflush()));
                    attend(client);
                });
                Session session = connect(server, Duration.ofMillis(300))) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> session.readlink(FID).await())
                    .isInstanceOf(InterruptedIOException.class)
                    .hasMessageContaining("Treadlink");
            assertThat(Thread.interrupted()).isTrue();

            // The server may still use both tags.
            assertThat(session.status().tagsUsed()).isEqualTo(2);
            late.countDown();
            awaitTags(session, 0);
        }
    }

    @Test
    void anotherThreadReceivesOnceTheReceiverHasGivenUp() throws Exception {
        final CountDownLatch receiving = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    final Frame givenUp = receiveFrame(client);
                    receiving.countDown();
                    final Frame other = receiveFrame(client);
                    final Frame flush = receiveFrame(client);
                    assertThat(((Tflush) flush.message()).oldtag()).isEqualTo(givenUp.tag());
                    sendAll(client, frame(flush.tag(), new Rflush()));
                    sendAll(client, frame(other.tag(), ANSWER));
                    attend(client);
                });
                Session session = connect(server, Duration.ofSeconds(30));
                BackgroundCall<Rreadlink> first = BackgroundCall.start(
                        "first", () -> session.readlink(FID).await(TimeUnit.MILLISECONDS.toNanos(500)))) {
            receiving.await();

            assertThat(session.readlink(FID).await()).isEqualTo(ANSWER);

            assertThat(first.failure()).isInstanceOf(RequestTimeoutException.class);
        }
    }

    @Test
    void aReadThatWasGivenUpGivesItsMemoryBackWhenItsDataComesLate() throws Exception {
        final CountDownLatch late = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    final Frame request = receiveFrame(client);
                    late.await();
                    sendAll(client, frame(request.tag(), new Rread(ByteBuffer.allocate(10))));
                    attend(client);
                });
                Session session = connect(server, Duration.ofMillis(200))) {
            assertThatThrownBy(() -> session.read(FID, 0, 10).await()).isInstanceOf(RequestTimeoutException.class);

            late.countDown();

            // The Tflush is not answered yet.
            await().untilAsserted(() -> assertThat(session.status().bytesRead()).isEqualTo(10));
            assertThat(session.status().tagsUsed()).isEqualTo(2);
        }
    }

    @Test
    void aServerThatKnowsNoTflushCostsTheCallerNoMoreThanItsPatience() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    receiveFrame(client);
                    sendAll(client, frame(receiveFrame(client).tag(), new Rlerror(95)));
                    attend(client);
                });
                Session session = connect(server, Duration.ofMillis(200))) {
            assertThatThrownBy(() -> session.readlink(FID).await()).isInstanceOf(RequestTimeoutException.class);
            awaitTags(session, 1);
        }
    }

    @Test
    void aSessionWithAServerThatHangsCanBeClosed() throws Exception {
        final CountDownLatch over = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.start(client -> {
            welcome(client);
            walkAnywhere(client, 300);
            over.await();
        })) {
            final Session session = connect(server, Duration.ofMillis(300));
            for (int i = 0; i < 300; i++) {
                final ByteString name = ByteString.of("file" + i);
                final PathFid root = session.fids().root();
                session.fids().adopt(root, name, session.fids().walk(root, name));
            }
            try (BackgroundCall<Long> close = BackgroundCall.start("close", () -> {
                final long start = System.nanoTime();
                session.close();
                return System.nanoTime() - start;
            })) {
                assertThat(Duration.ofNanos(close.result())).isLessThan(Duration.ofSeconds(5));
            }
            over.countDown();
        }
    }

    @Test
    void aRequestThatMsizeDoesNotHoldIsRefusedHere() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    assertThat(receiveFrame(client).message()).isEqualTo(new Treadlink(FID));
                    attend(client);
                });
                Session session = connect(server, Duration.ofMillis(300), 4096)) {
            assertThatThrownBy(() -> session.symlink(FID, ByteString.of("link"), ByteString.copyOf(new byte[4095]), 0)
                            .await())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Tsymlink");

            assertThatThrownBy(() -> session.readlink(FID).await()).isInstanceOf(RequestTimeoutException.class);
        }
    }

    private static void walkAnywhere(final SocketChannel client, final int times) throws Exception {
        for (int i = 0; i < times; i++) {
            sendAll(client, frame(receiveFrame(client).tag(), new Rwalk(List.of(new Qid(0, 0, i + 2)))));
        }
    }

    /**
     * Returns a server that accepts the client, answers its first request with all of {@code answers}, and ignores
     * later requests.
     */
    private static ScriptedServer answering(final Message... answers) throws IOException {
        return ScriptedServer.start(client -> {
            welcome(client);
            final Frame request = receiveFrame(client);
            for (final Message answer : answers) {
                sendAll(client, frame(request.tag(), answer));
            }
            attend(client);
        });
    }

    private static void assertEnded(final ThrowingCallable call, final String why) {
        assertThatThrownBy(call).isInstanceOf(SessionEndedException.class).hasMessageContaining(why);
    }

    private static void awaitTags(final Session session, final int used) {
        await().untilAsserted(() -> assertThat(session.status().tagsUsed()).isEqualTo(used));
    }

    private static Session connect(final ScriptedServer server) throws IOException {
        return connect(server, Duration.ofSeconds(2));
    }

    private static Session connect(final ScriptedServer server, final Duration timeout) throws IOException {
        return connect(server, timeout, SessionOptions.DEFAULT_MSIZE);
    }

    private static Session connect(final ScriptedServer server, final Duration timeout, final int msize)
            throws IOException {
        return Session.connect(
                StreamChannel.unix(server.socket()),
                SessionOptions.defaults(0).withMsize(msize).withRequestTimeout(timeout));
    }

    @Test
    void aServerThatStopsReadingIsGivenUp() throws Exception {
        final CountDownLatch over = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    welcome(client);
                    over.await();
                });
                Session session = Session.connect(
                        StreamChannel.unix(server.socket()),
                        SessionOptions.defaults(0).withRequestTimeout(Duration.ofMillis(500)))) {
            try (BackgroundCall<?> writing = BackgroundCall.start("writing", () -> {
                        Call<Rwrite> call = session.write(FID, 0, ByteBuffer.allocate(session.maxIo()));
                        while (!call.future().isCompletedExceptionally()) {
                            call = session.write(FID, 0, ByteBuffer.allocate(session.maxIo()));
                        }
                        return call.await();
                    })
                    .awaitInside("send")) {
                assertThatThrownBy(() -> session.statfs(FID).await()).isInstanceOf(SessionEndedException.class);
                assertThat(writing.failure()).isInstanceOf(SessionEndedException.class);
            } finally {
                over.countDown();
            }
            assertThat(session.status().unexpectedEnd().orElseThrow().reason())
                    .contains("the server has read nothing for 0.5 s");
        }
    }
}
