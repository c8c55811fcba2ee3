package dev.ninepin.share.file;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.testing.LyingServer.S_IFREG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.channel.Channel;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rversion;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Tstatfs;
import dev.ninepin.p9.Tversion;
import dev.ninepin.p9.Twrite;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.Share;
import dev.ninepin.share.cache.PendingWrites;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.Cuts;
import dev.ninepin.testing.CuttingChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests of gathered writes whose connection ends, with a server that holds its answers on the second connection. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LostWritesTest extends GatheredWritesFixture {
    private static final int APPENDING = OpenFlags.RDWR | OpenFlags.APPEND;

    private final Cuts cuts = new Cuts();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicBoolean away = new AtomicBoolean();

    private Channel connect() throws IOException {
        if (away.get()) {
            throw new IOException("nothing listens");
        }
        return new CuttingChannel(new AnsweringChannel(this::answer), cuts);
    }

    /**
     * Opens a file over a server that holds its answers to writes from the second connection on.
     *
     * @param first the size of a first write, in bytes
     */
    private long openOverTwoConnections(final int flags, final int first) throws IOException {
        server.model().put(NAME.toString(), S_IFREG | 04755, new byte[60]);
        share = Share.open(
                Session.connect(this::connect, SessionOptions.defaults(0)),
                new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()));
        final long handle = share.open(share.lookup(ROOT, NAME).node(), flags, KERNEL);
        // The session has now seen that the server writes this many bytes at once.
        share.write(handle, 0, ByteBuffer.allocateDirect(first), flags);
        share.flush(handle, OWNER);
        server.requests().clear();
        return handle;
    }

    private List<ByteBuffer> answer(final int tag, final Tmessage request) {
        if (request instanceof Tversion && connections.incrementAndGet() > 1) {
            server.hold();
        }
        return server.answer(tag, request);
    }

    /** Interrupts the threads that wait for writes. Returns whether there was one. */
    private static boolean interruptWaiting() {
        final List<Thread> waiting = Thread.getAllStackTraces().entrySet().stream()
                .filter(each -> Arrays.stream(each.getValue())
                        .anyMatch(frame -> frame.getClassName().equals(PendingWrites.class.getName())))
                .filter(each -> Arrays.stream(each.getValue())
                        .anyMatch(frame -> frame.getMethodName().startsWith("park")))
                .map(Map.Entry::getKey)
                .toList();
        waiting.forEach(Thread::interrupt);
        return !waiting.isEmpty();
    }

    @Test
    void anAppendThatIsSentAgainAndInterruptedIsNotSentTwice() throws Exception {
        final long handle = openOverTwoConnections(APPENDING, SMALL);
        server.hold();
        writeNext(handle, APPENDING);
        writeNext(handle, APPENDING);
        assertThat(server.count(Twrite.class)).isOne();
        // The first append is answered, and the second one is not sent when the connection ends.
        server.release();
        cuts.plan(Tstatfs.class, Cuts.Moment.BEFORE_ANSWER);
        share.statfs(ROOT);
        assertThat(cuts.made()).isOne();

        await().until(() -> server.count(Twrite.class) == 2);
        await().until(LostWritesTest::interruptWaiting);
        answerAll();
        share.flush(handle, OWNER);
        assertThat(server.written()).isEqualTo(expected);
        share.release(handle);
    }

    @Test
    void theMessagesOfAnAppendFollowEachOtherAlsoIfMessagesBecomeSmaller() throws Exception {
        server.model()
                .lie(
                        Tversion.class,
                        (request, truth) -> new Rversion(
                                connections.get() > 1 ? SessionOptions.MIN_MSIZE : 1 << 16, Tversion.VERSION_9P2000_L));
        final int size = 2 * SessionOptions.MIN_MSIZE;
        final long handle = openOverTwoConnections(OpenFlags.RDWR, size);
        away.set(true);
        cuts.plan(Tstatfs.class, Cuts.Moment.BEFORE_ARRIVAL);
        // The fid that appends is opened over the next connection only.
        try (BackgroundCall<Boolean> looking = BackgroundCall.start("looking", () -> {
                            share.statfs(ROOT);
                            return true;
                        })
                        .awaitInside("awaitConnectionAfter");
                BackgroundCall<Integer> writing = BackgroundCall.start(
                                "writing", () -> share.write(handle, 0, ByteBuffer.allocateDirect(size), APPENDING))
                        .awaitInside("awaitConnectionAfter")) {
            away.set(false);
            assertThat(looking.result()).isTrue();
            await().until(() -> server.count(Twrite.class) > 0);
            writing.awaitInside("writeChunks");
            assertThat(server.count(Twrite.class)).isOne();
            answerAll();
            assertThat(writing.result()).isEqualTo(size);
        }
        assertThat(server.written()).hasSize(size);
        share.release(handle);
    }
}
