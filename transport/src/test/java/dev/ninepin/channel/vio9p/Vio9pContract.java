package dev.ninepin.channel.vio9p;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.channel.Channel;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.MessageType;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.ReadReply;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.DiodServer;
import dev.ninepin.testing.RawClient;
import dev.ninepin.testing.Vio9pBackend;
import dev.ninepin.testing.Vio9pModel;
import dev.ninepin.testing.WatchedChannel;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests of a session over illumos's driver, independent of how the model of the driver is reached. diod is the server.
 */
@Timeout(60)
abstract class Vio9pContract {
    private static final int BLOCK = 4096;
    private static final String NAME = "blocks";

    @TempDir
    protected Path export;

    protected DiodServer server;
    protected Vio9pBackend backend;

    /** The channel that was opened last. */
    private WatchedChannel watched;

    /** The stray replies while the last session was being connected: on a slow machine, an Rversion. */
    private long straysBefore;

    /** A fid on the root of the session that was connected last. */
    protected int root;

    /** Opens the device. */
    protected abstract Channel open() throws IOException;

    @BeforeEach
    void startServer() throws IOException {
        server = DiodServer.onUnixSocket(export);
        backend = Vio9pBackend.connect(server.socket());
    }

    @AfterEach
    void endServer() {
        backend.close();
        server.close();
        if (watched != null) {
            watched.assertLawful();
        }
    }

    protected Vio9pModel model() {
        return backend.model();
    }

    protected SessionOptions options() {
        return SessionOptions.defaults(0).withAname(server.aname());
    }

    protected Session connect() throws IOException {
        watched = new WatchedChannel(open());
        final Session session = Session.connect(watched, options());
        root = session.fids().copy(session.fids().root());
        straysBefore = session.status().strayReplies();
        return session;
    }

    @Test
    void msizeIsHeldToWhatTheDriverTakes() throws Exception {
        writeBlocks(4);
        try (Session session = connect()) {
            assertThat(session.msize()).isEqualTo(8192);
            final int fid = open(session);
            try (ReadReply reply = session.read(fid, 0, session.maxIo()).await()) {
                assertThat(reply.data().remaining()).isEqualTo(8192 - 24);
            }
        }
    }

    @Test
    void repliesOutOfOrderFindTheirRequests() throws Exception {
        writeBlocks(16);
        try (Session session = connect()) {
            final int fid = open(session);
            model().hold();
            final List<Call<ReadReply>> calls = new ArrayList<>();
            for (int i = 0; i < session.maxRequests(); i++) {
                calls.add(session.read(fid, (long) i * BLOCK, BLOCK));
            }
            await().until(() -> model().heldReplies() == calls.size());
            assertThat(calls).hasSize(16);

            model().releaseReversed();

            for (int i = 0; i < calls.size(); i++) {
                try (ReadReply reply = calls.get(i).await()) {
                    assertThat(reply.data()).isEqualTo(block(i));
                }
            }
            assertThat(session.status().strayReplies()).isEqualTo(straysBefore);
        }
        assertThat(model().mostInFlight()).isEqualTo(16);
    }

    @Test
    void anInterruptedCallerGoesAtOnceAndTheTagWaitsForTheReply() throws Exception {
        try (Session session = connect()) {
            model().hold();
            try (BackgroundCall<Rgetattr> caller = BackgroundCall.start(
                    "caller", () -> session.getattr(root, AttrMask.BASIC).await())) {
                caller.awaitInside("await");
                caller.interrupt();
                assertThat(caller.failure()).isInstanceOf(InterruptedIOException.class);
            }
            assertThat(session.status().tagsUsed()).isEqualTo(1);

            model().releaseReversed();

            await().until(() -> session.status().tagsUsed() == 0);
            assertThat(session.status().strayReplies()).isEqualTo(straysBefore);
            assertThat(session.getattr(root, AttrMask.BASIC).await()).isNotNull();
        }
        assertThat(model().requestTypes()).doesNotContain(MessageType.TFLUSH.code());
    }

    @Test
    void theLastMessageIsATversionAlone() throws Exception {
        try (Session session = connect()) {
            model().hold(type -> type == MessageType.RGETATTR.code());
            final Call<Rgetattr> abandoned = session.getattr(root, AttrMask.BASIC);
            Thread.currentThread().interrupt();
            assertThatThrownBy(abandoned::await).isInstanceOf(InterruptedIOException.class);
            assertThat(Thread.interrupted()).isTrue();
            try (BackgroundCall<Void> closing = BackgroundCall.start("closing", () -> {
                session.close();
                return null;
            })) {
                closing.awaitInside("awaitQuiet");
                model().releaseReversed();
                closing.result();
            }
        }
        final List<Integer> types = model().requestTypes();
        assertThat(types.get(types.size() - 1)).isEqualTo(MessageType.TVERSION.code());
        // The watched channel has checked that the Tversion was alone in flight.
    }

    @Test
    void aServerThatAnswersNothingMoreGetsNoLastTversionAndHoldsNobodyUp() throws Exception {
        final Session session = connect();
        model().hold();
        final Call<Rgetattr> unanswered = session.getattr(root, AttrMask.BASIC);
        final long start = System.nanoTime();

        session.close();

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
        assertThat(unanswered.future()).isCompletedExceptionally();
        assertThat(model().requestTypes().stream().filter(type -> type == MessageType.TVERSION.code()))
                .hasSize(1);
    }

    /** The driver drops a user's first reply if a reply to the previous user comes in between. */
    @Test
    void requestsOfTheUserBeforeHarmNothing() throws Exception {
        final Channel before = open();
        RawClient.attach(before, server.aname());
        model().hold();
        for (int tag = 0; tag < 3; tag++) {
            before.send(tag, new Tgetattr(RawClient.ROOT, AttrMask.BASIC));
        }
        await().until(() -> model().heldReplies() == 3);
        before.close();
        await().until(() -> !model().isOpen());

        try (BackgroundCall<Session> connecting = BackgroundCall.start("connecting", this::connect)) {
            await().until(() -> model().heldReplies() == 4 && model().isRead());
            // The newest first: it matches its own generation. In the other order, the driver would drop it.
            model().releaseReversed();
            try (Session session = connecting.result()) {
                assertThat(session.getattr(root, AttrMask.BASIC).await()).isNotNull();
                assertThat(session.status().strayReplies()).isEqualTo(3);
            }
        }
    }

    @Test
    void aFirstReplyThatTheDriverDropsIsAskedForAgain() throws Exception {
        final Channel before = open();
        RawClient.attach(before, server.aname());
        model().hold();
        before.send(1, new Tgetattr(RawClient.ROOT, AttrMask.BASIC));
        await().until(() -> model().heldReplies() == 1);
        before.close();
        await().until(() -> !model().isOpen());

        try (BackgroundCall<Session> connecting = BackgroundCall.start("connecting", this::connect)) {
            await().until(() -> model().heldReplies() == 2);
            model().releaseInOrder();
            try (Session session = connecting.result()) {
                assertThat(session.getattr(root, AttrMask.BASIC).await()).isNotNull();
            }
        }
        assertThat(model().requestTypes().stream().filter(type -> type == MessageType.TVERSION.code()))
                .hasSize(4);
    }

    /** As propolis does, except that its Rversion and Rread have the tag. */
    @Test
    void aServerThatReturnsNoTagsGetsOneRequestAtATime() throws Exception {
        writeBlocks(16);
        model().quirk(reply -> {
            final byte[] changed = reply.clone();
            if (reply[4] != MessageType.RREAD.code() && reply[4] != MessageType.RVERSION.code()) {
                changed[5] = 0;
                changed[6] = 0;
            }
            return changed;
        });
        try (Session session = connect()) {
            final int fid = open(session);
            final List<Call<ReadReply>> reads = new ArrayList<>();
            final List<Call<Rgetattr>> attributes = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                reads.add(session.read(fid, (long) i * BLOCK, BLOCK));
                attributes.add(session.getattr(fid, AttrMask.BASIC));
            }
            for (int i = 0; i < 8; i++) {
                try (ReadReply reply = reads.get(i).await()) {
                    assertThat(reply.data()).isEqualTo(block(i));
                }
                assertThat(attributes.get(i).await().size()).isEqualTo(16 * BLOCK);
            }
            assertThat(session.channelInfo().details().get("requests_at_once")).startsWith("1 ");
            assertThat(session.status().strayReplies()).isEqualTo(straysBefore);
        }
        assertThat(model().mostInFlight()).isEqualTo(1);
    }

    @Test
    void aReplyUnderATagThatWasNotGivenIsLeftToNobody() throws Exception {
        try (Session session = connect()) {
            model().quirk(reply -> {
                model().quirk(again -> again);
                final byte[] changed = reply.clone();
                changed[5] ^= 0x40;
                return changed;
            });
            final Call<Rgetattr> lost = session.getattr(root, AttrMask.BASIC);
            await().until(() -> session.status().strayReplies() == straysBefore + 1);
            assertThat(lost.future()).isNotDone();
            assertThat(session.getattr(root, AttrMask.BASIC).await()).isNotNull();
        }
    }

    @Test
    void closeAndOpenAgainGivesAFreshSession() throws Exception {
        writeBlocks(1);
        for (int round = 0; round < 3; round++) {
            try (Session session = connect()) {
                assertThat(open(session)).isNotNegative();
            }
            await().until(() -> !model().isOpen());
        }
    }

    private int open(final Session session) throws IOException {
        final FidTable.Walked file = session.fids().walk(session.fids().root(), ByteString.of(NAME));
        session.lopen(file.fid(), OpenFlags.RDONLY).await();
        return file.fid();
    }

    protected void writeBlocks(final int count) throws IOException {
        final ByteBuffer all = ByteBuffer.allocate(count * BLOCK);
        IntStream.range(0, count).forEach(i -> all.put(block(i)));
        Files.write(export.resolve(NAME), all.array());
    }

    private static ByteBuffer block(final int i) {
        final byte[] block = new byte[BLOCK];
        Arrays.fill(block, (byte) (i + 1));
        return ByteBuffer.wrap(block);
    }
}
