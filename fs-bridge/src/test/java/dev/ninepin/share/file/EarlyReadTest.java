package dev.ninepin.share.file;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.testing.LyingServer.S_IFREG;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileLock;
import dev.ninepin.operations.LockMode;
import dev.ninepin.operations.ReadResult;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.Rlock;
import dev.ninepin.p9.Rread;
import dev.ninepin.p9.Tlock;
import dev.ninepin.p9.Tread;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.share.NoKernelCache;
import dev.ninepin.share.Share;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.inode.OpenFid;
import dev.ninepin.share.inode.OpenFile;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of reads that are sent before a program asks for them. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EarlyReadTest {
    private static final ByteString NAME = ByteString.of("file");
    private static final int MSIZE = 16384;
    private static final int EIO = 5;
    private static final int PAGE = 4096;

    private static final class NoOpener implements OpenFile.Opener {
        @Override
        public int openAnother(final Inode inode, final int flags) {
            throw new AssertionError("another fid is opened");
        }

        @Override
        public OpenFid openChecked(final Inode inode, final int flags) {
            throw new AssertionError("the file is opened again");
        }

        @Override
        public Rgetattr attributes(final int fid) {
            throw new AssertionError("a fid is looked at");
        }

        @Override
        public void clunk(final int fid) {
            throw new AssertionError("a fid is clunked");
        }
    }

    private final LyingServer server = new LyingServer();
    private final AtomicInteger reads = new AtomicInteger();
    private Qid qid;
    private Share share;
    private long node;

    /** What makes an early read worthless. */
    private enum Event {
        WRITE {
            @Override
            void happen(final EarlyReadTest test, final long other) throws IOException {
                test.share.write(other, 0, ByteBuffer.allocateDirect(3), OpenFlags.RDWR);
            }
        },
        APPEND {
            @Override
            void happen(final EarlyReadTest test, final long other) throws IOException {
                test.share.write(other, 3, ByteBuffer.allocateDirect(3), OpenFlags.RDWR | OpenFlags.APPEND);
            }
        },
        TRUNCATE {
            @Override
            void happen(final EarlyReadTest test, final long other) throws IOException {
                test.share.setattrOfOpen(other, AttributeChange.size(0));
            }
        },
        LOCK {
            @Override
            void happen(final EarlyReadTest test, final long other) throws IOException {
                test.share.flock(FileLock.whole(1, other, 1, LockMode.SHARED), false, new NoKernelCache());
            }
        },
        STAT_OF_A_NEW_VERSION {
            @Override
            void happen(final EarlyReadTest test, final long other) throws IOException {
                test.changeThere("longer");
                test.share.getattr(test.node);
            }
        },
        OPEN_OF_A_NEW_VERSION {
            @Override
            void happen(final EarlyReadTest test, final long other) throws IOException {
                test.changeThere("longer");
                test.share.release(test.share.open(test.node, OpenFlags.RDWR, new NoKernelCache()));
            }
        };

        abstract void happen(EarlyReadTest test, long other) throws IOException;
    }

    @AfterEach
    void nothingIsLeft() {
        share.close();
        assertThat(share.session().status().tagsUsed()).isZero();
        assertThat(share.session().status().fidsUsed()).isZero();
    }

    @Test
    void theFirstReadOfASmallFileIsUnderWayBeforeItIsAskedFor() throws IOException {
        open(CacheMode.OPEN, "data");
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
        assertThat(reads).hasValue(1);
        assertThat(read(handle, 0, PAGE)).isEqualTo("data");
        assertThat(reads).hasValue(1);
        assertThat(read(handle, 0, PAGE)).isEqualTo("data");
        assertThat(reads).hasValue(2);
        share.release(handle);
    }

    @Test
    void aPartOfTheFileMayBeAskedFor() throws IOException {
        open(CacheMode.OPEN, "data");
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
        assertThat(read(handle, 0, 2)).isEqualTo("da");
        assertThat(reads).hasValue(1);
        share.release(handle);
    }

    @ParameterizedTest
    @ValueSource(ints = {PAGE - 1, PAGE, PAGE + 1, 3 * PAGE})
    void theReplyIsAsLongAsTheFile(final int length) throws IOException {
        final String text = "x".repeat(length);
        open(CacheMode.OPEN, text);
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
        assertThat(read(handle, 0, (length / PAGE + 1) * PAGE)).isEqualTo(text);
        share.release(handle);
    }

    @ParameterizedTest
    @EnumSource(Event.class)
    void aReplyFromBeforeAChangeIsNotUsed(final Event event) throws IOException {
        open(CacheMode.OPEN, "data");
        server.lie(Tlock.class, (request, truth) -> new Rlock(0));
        final long other = share.open(node, OpenFlags.RDWR, new NoKernelCache());
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
        assertThat(reads).hasValue(1);

        event.happen(this, other);

        read(handle, 0, PAGE);
        assertThat(reads).hasValue(2);
        share.release(handle);
        share.release(other);
    }

    @Test
    void aReadFromElsewhereGetsItsOwnReply() throws IOException {
        open(CacheMode.OPEN, "data");
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
        assertThat(read(handle, 2, PAGE)).isEqualTo("ta");
        assertThat(reads).hasValue(2);
        share.release(handle);
    }

    @Test
    void aReadThatFailedEarlyIsRepeated() throws IOException {
        open(CacheMode.OPEN, "data");
        server.lie(Tread.class, (request, truth) -> new Rlerror(EIO));
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
        assertThatThrownBy(() -> read(handle, 0, PAGE))
                .satisfies(failure -> assertThat(Errno.of(failure)).isEqualTo(EIO));
        countReads();
        assertThat(read(handle, 0, PAGE)).isEqualTo("data");
        share.release(handle);
    }

    @Test
    void aShortReplyIsNotTakenForTheEndOfTheFile() throws IOException {
        open(CacheMode.OPEN, "data");
        server.lie(Tread.class, (request, truth) -> {
            final ByteBuffer data = ((Rread) truth).data();
            return new Rread(data.slice(0, Math.min(1, data.remaining())));
        });
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
        assertThat(read(handle, 0, PAGE)).isEqualTo("data");
        share.release(handle);
    }

    @ParameterizedTest
    @ValueSource(ints = {OpenFlags.RDWR, OpenFlags.WRONLY, OpenFlags.RDONLY | OpenFlags.DIRECT})
    void anOpenForAnythingElseReadsNothing(final int flags) throws IOException {
        open(CacheMode.OPEN, "data");
        share.release(share.open(node, flags, new NoKernelCache()));
        assertThat(reads).hasValue(0);
    }

    @Test
    void aFileOfMoreThanOneMessageIsNotReadEarly() throws IOException {
        open(CacheMode.OPEN, "x".repeat(MSIZE));
        share.release(share.open(node, OpenFlags.RDONLY, new NoKernelCache()));
        assertThat(reads).hasValue(0);
    }

    @Test
    void nothingIsReadEarlyWithoutACache() throws IOException {
        open(CacheMode.NONE, "data");
        share.release(share.open(node, OpenFlags.RDONLY, new NoKernelCache()));
        assertThat(reads).hasValue(0);
    }

    @Test
    void aFileWhosePagesTheKernelMayHaveIsNotReadEarly() throws IOException {
        open(CacheMode.LOOSE, "data");
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
        assertThat(read(handle, 0, PAGE)).isEqualTo("data");
        share.release(handle);
        share.release(share.open(node, OpenFlags.RDONLY, new NoKernelCache()));
        assertThat(reads).hasValue(1);
    }

    @Test
    void filesThatNobodyReadsHoldNoTags() throws IOException {
        open(CacheMode.OPEN, "data");
        final List<Long> handles = new ArrayList<>();
        final int count = 2 * share.session().maxRequests();
        for (int i = 0; i < count; i++) {
            handles.add(share.open(node, OpenFlags.RDONLY, new NoKernelCache()));
        }
        share.statfs(ROOT);
        assertThat(reads).hasValue(count);
        assertThat(share.session().status().tagsUsed()).isZero();
        for (final long handle : handles) {
            assertThat(read(handle, 0, PAGE)).isEqualTo("data");
            share.release(handle);
        }
        assertThat(reads)
                .as("all but the latest quarter of the tags are read again")
                .hasValue(2 * count - share.session().maxRequests() / 4);
    }

    @ParameterizedTest
    @CsvSource({"16384, 1", "16385, 0"})
    void onlyAFileThatTheKernelReadsAtOnceIsReadEarly(final int size, final int expected) throws IOException {
        open(CacheMode.OPEN, "x".repeat(size), SessionOptions.defaults(0));
        share.release(share.open(node, OpenFlags.RDONLY, new NoKernelCache()));
        assertThat(reads).hasValue(expected);
    }

    @Test
    void aReadThatTimesOutEarlyIsRepeated() throws IOException {
        final List<ByteBuffer> held = new ArrayList<>();
        open(
                CacheMode.OPEN,
                "data",
                SessionOptions.defaults(0).withRequestTimeout(Duration.ofMillis(300)),
                (tag, request) -> {
                    final List<ByteBuffer> answer = server.answer(tag, request);
                    if (request instanceof Tread && held.isEmpty()) {
                        held.addAll(answer);
                        return List.of();
                    }
                    return answer;
                });
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
        assertThat(held).hasSize(1);
        assertThat(read(handle, 0, PAGE)).isEqualTo("data");
        share.release(handle);
    }

    @ParameterizedTest
    @CsvSource({"0, false", "3600, true"})
    void aReplyThatIsTooOldIsNotUsed(final int maxAgeSeconds, final boolean expected) throws IOException {
        open(CacheMode.OPEN, "data");
        final EarlyReads early = new EarlyReads(share.session(), 1, TimeUnit.SECONDS.toNanos(maxAgeSeconds));
        final OpenFile file = openFile();
        early.begin(file, MSIZE);
        assertThat(early.take(file, 0, PAGE).isPresent()).isEqualTo(expected);
        file.close(share.session().fids()::clunk);
    }

    @Test
    void nothingIsReadEarlyWhileNoTagIsFree() throws IOException {
        final List<ByteBuffer> held = new ArrayList<>();
        final AtomicBoolean holds = new AtomicBoolean();
        open(CacheMode.OPEN, "data", SessionOptions.defaults(0), (tag, request) -> {
            held.addAll(server.answer(tag, request));
            if (request instanceof Tread && holds.get()) {
                return List.of();
            }
            final List<ByteBuffer> answers = List.copyOf(held);
            held.clear();
            return answers;
        });
        final Session session = share.session();
        final OpenFile file = openFile();
        final EarlyReads early = new EarlyReads(session, 1, Long.MAX_VALUE);
        final List<Call<ByteBuffer>> others = new ArrayList<>();
        holds.set(true);
        for (Optional<Call<ByteBuffer>> next = session.tryRead(file.fid(), 0, PAGE);
                next.isPresent();
                next = session.tryRead(file.fid(), 0, PAGE)) {
            others.add(next.get());
        }

        early.begin(file, MSIZE);

        assertThat(file.earlyRead()).isNull();
        assertThat(early.take(file, 0, PAGE)).isEmpty();
        holds.set(false);
        // The answer to the Tflush follows the held ones.
        others.get(0).await(1);
        file.close(session.fids()::clunk);
    }

    /** Opens the file without a share. */
    private OpenFile openFile() throws IOException {
        final Session session = share.session();
        final FidTable fids = session.fids();
        final FidTable.Walked walked = fids.walk(fids.root(), NAME);
        session.lopen(walked.fid(), OpenFlags.RDONLY).await();
        final Inode inode = new Inodes(fids, 1).root();
        inode.note(
                LyingServer.attributes(qid, S_IFREG | 0644, 4, 1, PAGE),
                new Inode.Asked(1, inode.pages.changes(), System.nanoTime()));
        return new OpenFile(inode, new OpenFid(walked.fid(), 0), OpenFlags.RDONLY, null, new NoOpener(), 0);
    }

    private void open(final CacheMode cache, final String content) throws IOException {
        open(cache, content, SessionOptions.defaults(0).withMsize(MSIZE));
    }

    private void open(final CacheMode cache, final String content, final SessionOptions options) throws IOException {
        open(cache, content, options, server);
    }

    private void open(
            final CacheMode cache,
            final String content,
            final SessionOptions options,
            final AnsweringChannel.Server answering)
            throws IOException {
        qid = server.put(NAME.toString(), S_IFREG | 0644, content.getBytes(UTF_8));
        countReads();
        share = Share.open(
                Session.connect(new AnsweringChannel(answering), options),
                new ShareOptions(cache, OptionalInt.empty(), OptionalInt.empty()));
        node = share.lookup(ROOT, NAME).node();
    }

    private void countReads() {
        server.lie(Tread.class, (request, truth) -> {
            reads.incrementAndGet();
            return truth;
        });
    }

    /** Changes the file as another client would. */
    private void changeThere(final String content) {
        server.put("new", qid, S_IFREG | 0644, content.getBytes(UTF_8));
        server.replace(NAME.toString(), "new");
    }

    private String read(final long handle, final long offset, final int count) throws IOException {
        try (ReadResult result = share.read(handle, offset, count)) {
            return UTF_8.decode(result.data()).toString();
        }
    }
}
