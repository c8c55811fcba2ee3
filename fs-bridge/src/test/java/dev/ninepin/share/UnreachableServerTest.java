package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.share.ShareFixture.assertErrno;
import static dev.ninepin.testing.LyingServer.S_IFREG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.channel.Channel;
import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Errno;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rstatfs;
import dev.ninepin.p9.Tstatfs;
import dev.ninepin.p9.Twrite;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.Cuts;
import dev.ninepin.testing.CuttingChannel;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests of a share whose server stays away for longer than requests wait. Requests that were sent may take a minute. */
@Timeout(value = 45, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class UnreachableServerTest {
    private static final ByteString NAME = ByteString.of("file");
    private static final int SIZE = 4096;

    private final LyingServer server = new LyingServer();
    private final Cuts cuts = new Cuts();
    private final AtomicBoolean away = new AtomicBoolean();

    /** Whether the server holds its answers to writes. */
    private final AtomicBoolean holding = new AtomicBoolean();

    private final AtomicBoolean silent = new AtomicBoolean();

    private Share share;

    private Channel connect() throws IOException {
        if (away.get()) {
            throw new IOException("nothing listens");
        }
        return new CuttingChannel(
                new AnsweringChannel((tag, request) -> silent.get() || (holding.get() && request instanceof Twrite)
                        ? List.of()
                        : server.answer(tag, request)),
                cuts);
    }

    @BeforeEach
    void open() throws IOException {
        server.put(NAME.toString(), S_IFREG | 0644, new byte[60]);
        server.put("other", S_IFREG | 0644, new byte[60]);
        share = Share.open(
                Session.connect(this::connect, SessionOptions.defaults(0).withPatience(Duration.ofMillis(100))),
                new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()));
    }

    @AfterEach
    void nothingIsLeft() {
        share.close();
        assertThat(share.session().status().tagsUsed()).isZero();
    }

    private long open(final ByteString name) throws IOException {
        final long handle = share.open(share.lookup(ROOT, name).node(), OpenFlags.RDWR, new NoKernelCache());
        // The session has now seen that the server writes this many bytes at once.
        write(handle, 0);
        share.flush(handle, 1);
        return handle;
    }

    private int write(final long handle, final long offset) throws IOException {
        return share.write(handle, offset, ByteBuffer.allocateDirect(SIZE), OpenFlags.RDWR);
    }

    /** Cuts the connection. The server stays away. */
    private void cut() throws IOException {
        away.set(true);
        cuts.plan(Tstatfs.class, Cuts.Moment.BEFORE_ARRIVAL);
        // The share answers with the last answer.
        share.statfs(ROOT);
        assertThat(cuts.made()).isOne();
    }

    private void comeBack() {
        away.set(false);
        await().until(() -> share.session().isConnected());
    }

    @Test
    void writesFailInsteadOfBeingKept() throws Exception {
        final long handle = open(NAME);
        cut();
        for (int i = 0; i < 200; i++) {
            final long offset = 2L * i * SIZE;
            assertErrno(Errno.ETIMEDOUT, () -> write(handle, offset));
        }
        comeBack();
        assertThat(write(handle, 0)).isEqualTo(SIZE);
        share.release(handle);
    }

    @Test
    void writesThatWaitForOtherWritesFailWithTheConnection() throws Exception {
        final long handle = open(NAME);
        final long other = open(ByteString.of("other"));
        holding.set(true);
        final List<BackgroundCall<Boolean>> writing = new ArrayList<>();
        writing.add(BackgroundCall.start("writing", () -> {
            for (int i = 0; ; i++) {
                write(handle, 2L * i * SIZE);
            }
        }));
        writing.get(0).awaitInside("takePermit");
        try (BackgroundCall<Integer> another =
                BackgroundCall.start("another", () -> write(other, 0)).awaitInside("takePermit")) {
            cut();
            assertThat(List.of(another, writing.get(0)))
                    .allSatisfy(each -> assertThatThrownBy(each::result).cause().satisfies(e -> assertThat(Errno.of(e))
                            .isEqualTo(Errno.ETIMEDOUT)));
        } finally {
            writing.get(0).close();
        }
        holding.set(false);
        comeBack();
        share.release(other);
        share.release(handle);
    }

    @Test
    void aFileThatLostItsNameIsRemovedAfterTheServersReturn() throws Exception {
        final long handle = open(NAME);
        share.unlink(ROOT, NAME);
        assertThat(server.names()).hasSize(2).doesNotContain(NAME);
        cut();
        share.release(handle);
        comeBack();
        await().until(() -> server.names().equals(List.of(ByteString.of("other"))));
    }

    @Test
    void theMountPointAnswersMeanwhile() throws Exception {
        final Attributes root = share.getattr(ROOT);
        final Rstatfs statistics = share.statfs(ROOT);
        cut();
        assertThat(share.getattr(ROOT)).isEqualTo(root.asPrediction());
        assertThat(share.statfs(ROOT)).isEqualTo(statistics);
        assertErrno(Errno.ETIMEDOUT, () -> share.lookup(ROOT, NAME));
    }

    @Test
    void theMountPointAnswersIfTheServerIsSilent() throws Exception {
        final Attributes root = share.getattr(ROOT);
        final Rstatfs statistics = share.statfs(ROOT);
        silent.set(true);
        assertThat(share.getattr(ROOT)).isEqualTo(root.asPrediction());
        assertThat(share.statfs(ROOT)).isEqualTo(statistics);
        silent.set(false);
        assertThat(share.lookup(ROOT, NAME).attributes().size()).isEqualTo(60);
    }
}
