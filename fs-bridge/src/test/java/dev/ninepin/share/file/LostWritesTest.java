package dev.ninepin.share.file;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.testing.LyingServer.S_IFREG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.p9.OpenFlags;
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
import dev.ninepin.testing.Cuts;
import dev.ninepin.testing.CuttingChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests of gathered writes whose connection ends, with a server that holds its answers on the second connection. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LostWritesTest extends GatheredWritesFixture {
    private static final int APPENDING = OpenFlags.RDWR | OpenFlags.APPEND;

    private final Cuts cuts = new Cuts();
    private final AtomicInteger connections = new AtomicInteger();

    /** Opens a file over a server that holds its answers to writes from the second connection on. */
    private long openOverTwoConnections() throws IOException {
        server.model().put(NAME.toString(), S_IFREG | 04755, new byte[60]);
        share = Share.open(
                Session.connect(() -> new CuttingChannel(new AnsweringChannel(this::answer), cuts), SessionOptions.defaults(0)),
                new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()));
        final long handle = share.open(share.lookup(ROOT, NAME).node(), APPENDING, KERNEL);
        // The server is now known to write so much at once.
        share.write(handle, 0, ByteBuffer.allocateDirect(SMALL), APPENDING);
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
                .map(java.util.Map.Entry::getKey)
                .toList();
        waiting.forEach(Thread::interrupt);
        return !waiting.isEmpty();
    }

    @Test
    void anAppendThatIsSentAgainAndInterruptedIsNotSentTwice() throws Exception {
        final long handle = openOverTwoConnections();
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
}
