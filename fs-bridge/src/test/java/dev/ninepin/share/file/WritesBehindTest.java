package dev.ninepin.share.file;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.testing.LyingServer.S_IFREG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.Message;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.p9.Tflush;
import dev.ninepin.p9.Twrite;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.NoKernelCache;
import dev.ninepin.share.Share;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.BackgroundCall;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests of writes that return before the server answers, with a server that holds the answers back. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WritesBehindTest {
    private static final ByteString NAME = ByteString.of("file");
    private static final int ENOSPC = 28;
    private static final int EDQUOT = 122;
    private static final long OWNER = 7;

    /** The operations on a file that depend on its pending writes. */
    private enum Dependent {
        READ {
            @Override
            void run(final Share share, final long node, final long handle) throws IOException {
                share.read(handle, 50, 10).close();
            }
        },
        STAT {
            @Override
            void run(final Share share, final long node, final long handle) throws IOException {
                share.getattr(node);
            }
        },
        LOOKUP {
            @Override
            void run(final Share share, final long node, final long handle) throws IOException {
                share.lookup(ROOT, NAME);
                share.forget(node, 1);
            }
        },
        LIST {
            @Override
            void run(final Share share, final long node, final long handle) throws IOException {
                share.lookupAll(ROOT, List.of(new Dirent(new Qid(0, 0, 0), 1, 0, NAME)), System.nanoTime())
                        .forEach(each -> each.ifPresent(entry -> share.forget(entry.node(), 1)));
            }
        },
        TRUNCATE {
            @Override
            void run(final Share share, final long node, final long handle) throws IOException {
                share.setattr(node, AttributeChange.size(1));
            }
        },
        SET_MODE {
            @Override
            void run(final Share share, final long node, final long handle) throws IOException {
                share.setattr(node, AttributeChange.mode(0600));
            }
        },
        FSYNC {
            @Override
            void run(final Share share, final long node, final long handle) throws IOException {
                share.fsync(handle, true);
            }
        },
        CLOSE {
            @Override
            void run(final Share share, final long node, final long handle) throws IOException {
                share.flush(handle, OWNER);
            }
        },
        OPEN {
            @Override
            void run(final Share share, final long node, final long handle) throws IOException {
                share.release(share.open(node, OpenFlags.RDONLY, new NoKernelCache()));
            }
        },
        WRITE_OVER {
            @Override
            void run(final Share share, final long node, final long handle) throws IOException {
                share.write(handle, 5, ByteBuffer.allocateDirect(10), OpenFlags.RDWR);
            }
        },
        APPEND {
            @Override
            void run(final Share share, final long node, final long handle) throws IOException {
                share.write(handle, 100, ByteBuffer.allocateDirect(10), OpenFlags.RDWR | OpenFlags.APPEND);
            }
        };

        abstract void run(Share share, long node, long handle) throws IOException;
    }

    private final HoldingServer server = new HoldingServer();
    private final List<Long> dropped = new CopyOnWriteArrayList<>();
    private final KernelCache kernel = new NoKernelCache() {
        @Override
        public void dropData(final long node) {
            dropped.add(node);
        }
    };
    private Share share;

    @AfterEach
    void nothingIsHeld() {
        if (share != null) {
            server.release();
            share.close();
            assertThat(share.session().status().tagsUsed()).isZero();
        }
    }

    @Test
    void aWriteReturnsBeforeTheServerAnswers() throws Exception {
        final long handle = openFile(CacheMode.OPEN);
        server.hold();
        assertThat(write(handle, 0, 100)).isEqualTo(100);
        assertThat(server.count(Twrite.class)).isEqualTo(1);
        answerAll();
        share.flush(handle, OWNER);
    }

    @ParameterizedTest
    @EnumSource(Dependent.class)
    void whatDependsOnAWriteWaitsForItsAnswer(final Dependent operation) throws Exception {
        final long handle = openFile(CacheMode.OPEN);
        final long node = node();
        server.hold();
        write(handle, 0, 100);
        try (BackgroundCall<Boolean> call = BackgroundCall.start("dependent", () -> {
            operation.run(share, node, handle);
            return true;
        })) {
            call.awaitInside("awaitEnd");
            answerAll();
            assertThat(call.result()).isTrue();
        }
    }

    @Test
    void aWriteOfOtherBytesDoesNotWait() throws Exception {
        final long handle = openFile(CacheMode.OPEN);
        server.hold();
        write(handle, 0, 100);
        write(handle, 200, 100);
        assertThat(server.count(Twrite.class)).isEqualTo(2);
    }

    @Test
    void eachCloseReportsAFailureUntilAnFsyncDid() throws Exception {
        final long handle = openFile(CacheMode.OPEN);
        answerWrites(new Rlerror(ENOSPC));
        assertThat(write(handle, 0, 100)).isEqualTo(100);
        assertFails(ENOSPC, () -> share.flush(handle, OWNER));
        assertFails(ENOSPC, () -> share.flush(handle, OWNER));
        assertFails(ENOSPC, () -> share.fsync(handle, true));
        share.flush(handle, OWNER);
    }

    @Test
    void aFailureThatNoProgramKnowsIsNotLeftToAnotherProgram() throws Exception {
        final long handle = openFile(CacheMode.OPEN);
        answerWrites(new Rlerror(ENOSPC));
        assertThat(write(handle, 0, 100)).isEqualTo(100);
        final long soon = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        assertThatThrownBy(() -> share.handOver(soon)).hasMessageContaining("a write to /file has failed");
        assertFails(ENOSPC, () -> share.fsync(handle, true));
    }

    @Test
    void eachDescriptorReportsAFailureOnce() throws Exception {
        final long handle = openFile(CacheMode.OPEN);
        final long other = share.open(node(), OpenFlags.RDWR, kernel);
        answerWrites(new Rlerror(ENOSPC));
        write(handle, 0, 100);
        assertFails(ENOSPC, () -> share.fsync(other, true));
        share.fsync(other, true);
        assertFails(ENOSPC, () -> share.fsync(handle, true));
        share.fsync(handle, true);
        final long later = share.open(node(), OpenFlags.RDWR, kernel);
        share.fsync(later, true);
    }

    @Test
    void theNextWriteReportsAFailure() throws Exception {
        final long handle = openFile(CacheMode.OPEN);
        answerWrites(new Rlerror(EDQUOT));
        write(handle, 0, 100);
        share.getattr(node());
        assertFails(EDQUOT, () -> write(handle, 100, 100));
        server.model().tellTheTruth();
        write(handle, 100, 100);
        // The kernel drops the failure of any part but the first of a large write(2).
        assertFails(EDQUOT, () -> share.fsync(handle, true));
        share.fsync(handle, true);
    }

    @Test
    void aPageIsWrittenBackAfterTheFailureOfAnotherWrite() throws Exception {
        final long handle = openFile(CacheMode.OPEN);
        answerWrites(new Rlerror(ENOSPC));
        write(handle, 0, 100);
        share.getattr(node());
        server.model().tellTheTruth();
        assertThat(share.writePages(handle, 50, ByteBuffer.allocateDirect(50), OpenFlags.RDWR))
                .isEqualTo(50);
        assertFails(ENOSPC, () -> share.fsync(handle, true));
    }

    /** The kernel does not look at the count of a page's write. */
    @Test
    void aPageThatIsWrittenInPartIsWrittenOrFails() throws Exception {
        final long handle = openFile(CacheMode.OPEN);
        server.model()
                .lie(
                        Twrite.class,
                        (request, truth) -> new Rwrite(
                                Math.min(30, ((Twrite) request).data().remaining())));
        assertThat(share.writePages(handle, 0, ByteBuffer.allocateDirect(100), OpenFlags.RDWR))
                .isEqualTo(100);

        final AtomicInteger requests = new AtomicInteger();
        server.model()
                .lie(
                        Twrite.class,
                        (request, truth) -> requests.incrementAndGet() == 1 ? new Rwrite(30) : new Rlerror(ENOSPC));
        assertFails(ENOSPC, () -> share.writePages(handle, 0, ByteBuffer.allocateDirect(100), OpenFlags.RDWR));

        answerWrites(new Rwrite(0));
        assertFails(Errno.EIO, () -> share.writePages(handle, 0, ByteBuffer.allocateDirect(100), OpenFlags.RDWR));
    }

    @Test
    void aServerThatWritesLessThanItWasSentIsWaitedForFromThenOn() throws Exception {
        final long handle = openFile(CacheMode.OPEN);
        server.model()
                .lie(
                        Twrite.class,
                        (request, truth) -> new Rwrite(
                                Math.min(150, ((Twrite) request).data().remaining())));
        assertThat(write(handle, 0, 200)).isEqualTo(150);
        assertThat(write(handle, 150, 200)).isEqualTo(150);
        share.fsync(handle, true);
    }

    @Test
    void aWriteAfterTheEndOfTheSessionFailsAtOnce() throws Exception {
        final long handle = openFile(CacheMode.OPEN);
        share.session().close();
        assertFails(Errno.EIO, () -> write(handle, 0, 100));
        assertFails(Errno.EIO, () -> write(handle, 0, 100));
    }

    @Test
    void aShortWriteIsAFullDisk() throws Exception {
        final long handle = openFile(CacheMode.OPEN);
        answerWrites(new Rwrite(99));
        write(handle, 0, 100);
        assertFails(ENOSPC, () -> share.fsync(handle, false));
    }

    @Test
    void anOpenAfterAFailureDropsTheKernelsData() throws Exception {
        final long handle = openFile(CacheMode.LOOSE);
        answerWrites(new Rlerror(ENOSPC));
        write(handle, 0, 100);
        assertFails(ENOSPC, () -> share.flush(handle, OWNER));
        dropped.clear();
        share.release(share.open(node(), OpenFlags.RDONLY, kernel));
        assertThat(dropped).containsExactly(node());
        share.release(share.open(node(), OpenFlags.RDONLY, kernel));
        assertThat(dropped).hasSize(1);
    }

    @Test
    void anInterruptedFsyncGivesNoWriteUp() throws Exception {
        final long handle = openFile(CacheMode.OPEN);
        server.hold();
        write(handle, 0, 100);
        try (BackgroundCall<Boolean> call = BackgroundCall.start("fsync", () -> {
            share.fsync(handle, true);
            return true;
        })) {
            call.awaitInside("awaitEnd").interrupt();
            assertThat(call.failure()).isInstanceOf(InterruptedIOException.class);
        }
        assertThat(server.count(Tflush.class)).isZero();
        answerAll();
        share.flush(handle, OWNER);
    }

    @Test
    void aLimitedNumberOfWritesIsPending() throws Exception {
        final long handle = openFile(CacheMode.OPEN);
        server.hold();
        final int most = share.session().maxRequests() / 2;
        for (int i = 0; i < most; i++) {
            write(handle, i * 200L, 100);
        }
        try (BackgroundCall<Integer> call =
                BackgroundCall.start("one too many", () -> write(handle, most * 200L, 100))) {
            call.awaitInside("takePermit");
            answerAll();
            assertThat(call.result()).isEqualTo(100);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = CacheMode.class,
            names = {"NONE", "OPEN"})
    void aWriteThatMustWaitReportsItsOwnFailure(final CacheMode cache) throws Exception {
        final long handle = openFile(cache);
        answerWrites(new Rlerror(ENOSPC));
        final int flags = OpenFlags.RDWR | (cache == CacheMode.OPEN ? OpenFlags.DSYNC : 0);
        assertFails(ENOSPC, () -> share.write(handle, 0, ByteBuffer.allocateDirect(10), flags));
        share.flush(handle, OWNER);
    }

    private long openFile(final CacheMode cache) throws IOException {
        server.model().put(NAME.toString(), S_IFREG | 0644, new byte[60]);
        share = Share.open(
                Session.connect(new AnsweringChannel(server), SessionOptions.defaults(0)),
                new ShareOptions(cache, OptionalInt.empty(), OptionalInt.empty()));
        final long handle = share.open(share.lookup(ROOT, NAME).node(), OpenFlags.RDWR, kernel);
        // The server is now known to write so much at once.
        assertThat(write(handle, 0, 100)).isEqualTo(100);
        server.requests().clear();
        return handle;
    }

    private long node() throws IOException {
        final long node = share.lookup(ROOT, NAME).node();
        share.forget(node, 1);
        return node;
    }

    private int write(final long handle, final long offset, final int count) throws IOException {
        return share.write(handle, offset, ByteBuffer.allocateDirect(count), OpenFlags.RDWR);
    }

    private void answerWrites(final Message answer) {
        server.model().lie(Twrite.class, (request, truth) -> answer);
    }

    /** Makes the server send the answers that it holds. */
    private void answerAll() throws IOException {
        server.release();
        share.statfs(ROOT);
    }

    private static void assertFails(final int errno, final ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .satisfies(failure -> assertThat(Errno.of(failure)).isEqualTo(errno));
    }
}
