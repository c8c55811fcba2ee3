package dev.ninepin.share.file;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.testing.LyingServer.S_IFREG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileLock;
import dev.ninepin.operations.LockMode;
import dev.ninepin.operations.ReadResult;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.LockStatus;
import dev.ninepin.p9.Message;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.Rlock;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Tflush;
import dev.ninepin.p9.Tfsync;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.p9.Tlock;
import dev.ninepin.p9.Tlopen;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Tread;
import dev.ninepin.p9.Tsetattr;
import dev.ninepin.p9.Tstatfs;
import dev.ninepin.p9.Twalk;
import dev.ninepin.p9.Twrite;
import dev.ninepin.p9.Txattrcreate;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.NoKernelCache;
import dev.ninepin.share.Share;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.assertj.core.api.ThrowableAssert;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests of the check that an opened fid is on the intended file, whose reply open(2) does not wait for. The server's fids
 * are paths, like QEMU's.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OpenCheckTest {
    private static final ByteString NAME = ByteString.of("file");
    private static final int EIO = 5;
    private static final List<Class<? extends Tmessage>> DEPENDENT =
            List.of(Tread.class, Twrite.class, Tsetattr.class, Tfsync.class, Tlock.class);

    /** A server that passes the answers to the checks of opens through a function, or holds them. */
    private static final class CheckedServer implements AnsweringChannel.Server {
        private final LyingServer model = new LyingServer();
        private final List<Tmessage> requests = new CopyOnWriteArrayList<>();

        /** The requests that depend on a fid and reached a file, with the file. */
        private final List<Qid> reached = new CopyOnWriteArrayList<>();

        private final List<ByteBuffer> held = new ArrayList<>();
        private Runnable onOpen = () -> {};
        private UnaryOperator<Message> onCheck = answer -> answer;
        private boolean holds;
        private boolean keepsHeld;
        private boolean wasOpened;
        private @Nullable Class<? extends Tmessage> heldToo;

        @Override
        public synchronized List<ByteBuffer> answer(final int tag, final Tmessage request) {
            requests.add(request);
            if (DEPENDENT.contains(request.getClass())) {
                reached.add(model.qidOf(fidOf(request)));
            }
            final Message truth = request instanceof Tlock ? new Rlock(LockStatus.SUCCESS) : model.answer(request);
            Message answer = truth;
            final boolean isCheck = request instanceof Tgetattr && wasOpened;
            if (isCheck) {
                wasOpened = false;
                answer = onCheck.apply(truth);
            } else if (request instanceof Tlopen) {
                wasOpened = true;
                onOpen.run();
            }
            final ByteBuffer bytes = AnsweringChannel.bytes(tag, answer);
            if ((isCheck && holds) || request.getClass() == heldToo) {
                held.add(bytes);
                return List.of();
            }
            final List<ByteBuffer> all = new ArrayList<>();
            if (!holds && !keepsHeld && heldToo == null) {
                all.addAll(held);
                held.clear();
            }
            all.add(bytes);
            return all;
        }

        private static int fidOf(final Tmessage request) {
            try {
                return (int) request.getClass().getMethod("fid").invoke(request);
            } catch (final ReflectiveOperationException e) {
                throw new LinkageError("a request without a fid", e);
            }
        }

        synchronized void hold() {
            holds = true;
        }

        /** Holds the answers to a kind of request. */
        synchronized void hold(final Class<? extends Tmessage> kind) {
            heldToo = kind;
        }

        synchronized void release() {
            holds = false;
            heldToo = null;
            keepsHeld = false;
        }

        /** Answers the checks of later opens, and still holds the answers to earlier ones. */
        synchronized void answerChecks() {
            holds = false;
            keepsHeld = true;
        }

        synchronized void onOpen(final Runnable action) {
            onOpen = action;
        }

        synchronized void onCheck(final UnaryOperator<Message> lie) {
            onCheck = lie;
        }

        long count(final Class<? extends Tmessage> kind) {
            return requests.stream().filter(kind::isInstance).count();
        }
    }

    /** The operations that depend on a fid that was opened for reading. */
    private enum Dependent {
        READ {
            @Override
            void run(final Share share, final long handle) throws IOException {
                share.read(handle, 0, 10).close();
            }
        },
        READ_DIRECT {
            @Override
            void run(final Share share, final long handle) throws IOException {
                share.readWithoutPages(handle, 0, 10).close();
            }
        },
        FSYNC {
            @Override
            void run(final Share share, final long handle) throws IOException {
                share.fsync(handle, true);
            }
        },
        LOCK {
            @Override
            void run(final Share share, final long handle) throws IOException {
                share.flock(FileLock.whole(1, handle, 1, LockMode.EXCLUSIVE), false, new NoKernelCache());
            }
        };

        abstract void run(Share share, long handle) throws IOException;

        /** Returns whether the request is sent before the check is answered. */
        boolean isSentEarly() {
            return this == READ || this == READ_DIRECT;
        }
    }

    /** The changes that must not be sent before the checks of the file's opens are answered. */
    private enum Change {
        CHMOD(Tsetattr.class) {
            @Override
            void run(final Share share, final long node, final long handle) throws IOException {
                share.setattr(node, AttributeChange.mode(0));
            }
        },
        WRITE(Twrite.class) {
            @Override
            void run(final Share share, final long node, final long handle) throws IOException {
                share.write(handle, 0, ByteBuffer.allocateDirect(10), OpenFlags.RDWR);
            }
        },
        WRITE_PAGES(Twrite.class) {
            @Override
            void run(final Share share, final long node, final long handle) throws IOException {
                share.writePages(handle, 0, ByteBuffer.allocateDirect(10), OpenFlags.RDWR);
            }
        },
        SETXATTR(Txattrcreate.class) {
            @Override
            void run(final Share share, final long node, final long handle) {
                assertErrno(
                        Errno.EOPNOTSUPP,
                        () -> share.setxattr(
                                new Caller(0, 0, 0), node, ByteString.of("user.a"), ByteBuffer.allocateDirect(1), 0));
            }
        };

        private final Class<? extends Tmessage> kind;

        Change(final Class<? extends Tmessage> kind) {
            this.kind = kind;
        }

        abstract void run(Share share, long node, long handle) throws IOException;
    }

    private final CheckedServer server = new CheckedServer();
    private Share share;
    private Qid qid;
    private long node;

    @BeforeEach
    void openShare() throws IOException {
        openShare(SessionOptions.defaults(0));
    }

    private void openShare(final SessionOptions options) throws IOException {
        qid = server.model.put(NAME.toString(), S_IFREG | 0644, new byte[60]);
        share = Share.open(
                Session.connect(new AnsweringChannel(server), options),
                new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()));
        node = share.lookup(ROOT, NAME).node();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        server.release();
        share.statfs(ROOT);
        share.close();
        assertThat(share.session().status().tagsUsed()).isZero();
        assertThat(share.session().status().fidsUsed()).as("fids in use").isZero();
    }

    @Test
    void openForReadingReturnsBeforeTheCheckIsAnswered() throws IOException {
        server.hold();
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
        assertThat(server.held).hasSize(1);
        server.release();
        share.statfs(ROOT);
        share.read(handle, 0, 10).close();
        assertThat(server.count(Tlopen.class)).isEqualTo(1);
        share.release(handle);
    }

    @ParameterizedTest
    @EnumSource(Dependent.class)
    void whatDependsOnAFidWaitsForItsCheck(final Dependent operation) throws Exception {
        server.hold();
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
        try (BackgroundCall<Boolean> call = BackgroundCall.start("dependent", () -> {
            operation.run(share, handle);
            return true;
        })) {
            call.awaitInside("awaitEnd");
            assertThat(server.reached).hasSize(operation.isSentEarly() ? 1 : 0);
            assertThat(call.isDone()).isFalse();
            server.release();
            share.statfs(ROOT);
            assertThat(call.result()).isTrue();
        }
        assertThat(server.reached).hasSize(1);
        assertThat(server.count(Tlopen.class)).isEqualTo(1);
        share.release(handle);
    }

    @ParameterizedTest
    @EnumSource(
            value = Dependent.class,
            names = {"FSYNC", "LOCK"})
    void nothingReachesAFileThatHasTakenTheName(final Dependent operation) throws IOException {
        final Qid other = server.model.put("other", S_IFREG | 0644, new byte[70]);
        server.onOpen(() -> {
            server.onOpen(() -> {});
            server.model.replace(NAME.toString(), "other");
        });
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());

        assertErrno(Errno.ESTALE, () -> operation.run(share, handle));
        assertErrno(Errno.ESTALE, () -> operation.run(share, handle));

        assertThat(server.reached).doesNotContain(other);
        share.release(handle);
    }

    @ParameterizedTest
    @ValueSource(ints = {OpenFlags.RDWR, OpenFlags.WRONLY, OpenFlags.WRONLY | OpenFlags.APPEND})
    void anOpenForWritingWaitsForItsCheck(final int flags) throws Exception {
        server.hold();
        try (BackgroundCall<Long> call =
                BackgroundCall.start("open", () -> share.open(node, flags, new NoKernelCache()))) {
            call.awaitInside("requireChecked");
            assertThat(call.isDone()).isFalse();
            server.release();
            share.statfs(ROOT);
            share.release(call.result());
        }
    }

    /** The kernel looks the name up again after ESTALE, and opens the file that has it now. */
    @ParameterizedTest
    @ValueSource(ints = {OpenFlags.RDWR, OpenFlags.WRONLY, OpenFlags.WRONLY | OpenFlags.APPEND})
    void aFileWhoseNameAnotherFileHasTakenIsNotOpenedForWriting(final int flags) {
        server.model.put("other", S_IFREG | 0644, new byte[70]);
        server.onOpen(() -> {
            server.onOpen(() -> {});
            server.model.replace(NAME.toString(), "other");
        });
        assertErrno(Errno.ESTALE, () -> share.open(node, flags, new NoKernelCache()));
        assertThat(server.reached).isEmpty();
    }

    @Test
    void aFileThatAnotherClientChangesIsOpenedAgain() throws IOException {
        server.onOpen(() -> {
            server.onOpen(() -> {});
            server.model.put("new", qid, S_IFREG | 0644, new byte[70]);
            server.model.replace(NAME.toString(), "new");
        });
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
        assertThat(server.count(Tlopen.class)).isEqualTo(1);

        try (ReadResult read = share.readWithoutPages(handle, 0, 100)) {
            assertThat(read.data().remaining()).isEqualTo(70);
        }

        assertThat(server.count(Tlopen.class)).isEqualTo(2);
        share.release(handle);
    }

    @Test
    void aCheckThatFailsOnceIsRepeated() throws IOException {
        server.onCheck(answer -> {
            server.onCheck(truth -> truth);
            return new Rlerror(EIO);
        });
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());

        share.read(handle, 0, 10).close();

        assertThat(server.count(Tlopen.class)).isEqualTo(2);
        share.release(handle);
    }

    @Test
    void theFirstOperationReportsACheckThatKeepsFailing() throws IOException {
        server.onCheck(answer -> new Rlerror(EIO));
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());

        assertErrno(EIO, () -> share.fsync(handle, true));
        assertThat(server.reached).isEmpty();

        server.onCheck(answer -> answer);
        share.fsync(handle, true);
        assertThat(server.reached).hasSize(1);
        share.release(handle);
    }

    @ParameterizedTest
    @EnumSource(Change.class)
    void aChangeThroughAnotherDescriptorIsNoReasonToOpenAFileAgain(final Change change) throws Exception {
        final long other = share.open(node, OpenFlags.RDWR, new NoKernelCache());
        share.read(other, 0, 10).close();
        server.hold();
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
        server.requests.clear();
        try (BackgroundCall<Boolean> call = BackgroundCall.start("change", () -> {
            change.run(share, node, other);
            return true;
        })) {
            call.awaitInside("awaitChecks");
            assertThat(server.count(change.kind)).isZero();
            server.release();
            share.statfs(ROOT);
            assertThat(call.result()).isTrue();
        }
        share.read(handle, 0, 10).close();
        assertThat(server.count(Tlopen.class)).isZero();
        share.release(handle);
        share.release(other);
    }

    @Test
    void aChangeThatIsUnderWayIsNoReasonToOpenAFileAgain() throws Exception {
        server.hold(Tsetattr.class);
        try (BackgroundCall<Boolean> call = BackgroundCall.start("chmod", () -> {
            share.setattr(node, AttributeChange.mode(0));
            return true;
        })) {
            call.awaitInside("await");
            server.onCheck(answer -> ofSize(61));
            final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
            server.model.lie(Tlopen.class, (request, truth) -> new Rlerror(Errno.EACCES));
            share.read(handle, 0, 10).close();
            server.release();
            share.statfs(ROOT);
            assertThat(call.result()).isTrue();
            share.release(handle);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aChangeThatWaitsForAnEarlierCheckIsUnderWay(final Change change) throws Exception {
        final long other = share.open(node, OpenFlags.RDWR, new NoKernelCache());
        share.read(other, 0, 10).close();
        server.hold();
        final long first = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
        try (BackgroundCall<Boolean> call = BackgroundCall.start("change", () -> {
            change.run(share, node, other);
            return true;
        })) {
            call.awaitInside("awaitChecks");
            server.onCheck(answer -> ofSize(61));
            final long second = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
            server.model.lie(Tlopen.class, (request, truth) -> new Rlerror(Errno.EACCES));
            server.release();
            share.statfs(ROOT);
            assertThat(call.result()).isTrue();
            share.read(second, 0, 10).close();
            share.release(second);
        }
        share.release(first);
        share.release(other);
    }

    private Rgetattr ofSize(final long size) {
        return LyingServer.attributes(qid, S_IFREG | 0644, size, 1, 4096);
    }

    @ParameterizedTest
    @EnumSource(Dependent.class)
    void aFileWhoseNameAnotherFileTakesAfterTheOpenStaysOpen(final Dependent operation) throws IOException {
        server.model.put("other", S_IFREG | 0644, new byte[60]);
        server.onOpen(() -> {
            server.onOpen(() -> {});
            server.model.replaceExceptForOpenFids(NAME.toString(), "other");
        });
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());

        operation.run(share, handle);
        operation.run(share, handle);

        assertThat(server.reached).isNotEmpty().containsOnly(qid);
        share.release(handle);
    }

    /** The file is not read before another client, which was writing at the open, gives the name to the next one. */
    @ParameterizedTest
    @EnumSource(Dependent.class)
    void aFileThatIsWrittenAtItsOpenAndReplacedLaterStaysOpen(final Dependent operation) throws IOException {
        server.model.put("other", S_IFREG | 0644, new byte[60]);
        server.onOpen(() -> server.model.lie(
                Tgetattr.class,
                (request, truth) -> truth instanceof Rgetattr seen && seen.qid().equals(qid) ? ofSize(61) : truth));
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
        server.model.replaceExceptForOpenFids(NAME.toString(), "other");

        operation.run(share, handle);
        operation.run(share, handle);

        assertThat(server.reached).isNotEmpty().containsOnly(qid);
        share.release(handle);
    }

    @ParameterizedTest
    @EnumSource(
            value = Dependent.class,
            names = {"READ", "READ_DIRECT"})
    void noProgramGetsTheBytesOfAFileThatHasTakenTheName(final Dependent operation) throws IOException {
        server.model.put("other", S_IFREG | 0644, new byte[60]);
        server.onOpen(() -> {
            server.onOpen(() -> {});
            server.model.replace(NAME.toString(), "other");
        });
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());

        assertErrno(Errno.ESTALE, () -> operation.run(share, handle));
        assertErrno(Errno.ESTALE, () -> operation.run(share, handle));
        share.release(handle);
    }

    @Test
    void bytesOfAnotherFileAreForgottenWhenAFileIsOpenedAgain() throws IOException {
        server.model.put("other", S_IFREG | 0644, new byte[60]);
        final byte[] content = new byte[60];
        content[0] = 1;
        server.model.put("back", qid, S_IFREG | 0644, content);
        server.onOpen(() -> {
            server.onOpen(() -> {});
            server.model.replace(NAME.toString(), "other");
        });
        server.onCheck(answer -> {
            server.onCheck(truth -> truth);
            server.model.replaceExceptForOpenFids(NAME.toString(), "back");
            return answer;
        });
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());

        try (ReadResult read = share.read(handle, 0, 10)) {
            assertThat(read.data().get()).isEqualTo((byte) 1);
        }
        assertThat(server.count(Tlopen.class)).isEqualTo(2);
        share.release(handle);
    }

    @Test
    void anUnansweredCheckDoesNotKeepTheFidsOfLaterOpens() throws IOException {
        server.model.put("second", S_IFREG | 0644, new byte[60]);
        server.model.put("third", S_IFREG | 0644, new byte[60]);
        final long second = share.lookup(ROOT, ByteString.of("second")).node();
        final long third = share.lookup(ROOT, ByteString.of("third")).node();
        server.hold();
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
        server.answerChecks();
        final long later = share.open(second, OpenFlags.RDONLY, new NoKernelCache());
        share.rename(ROOT, ByteString.of("second"), ROOT, ByteString.of("renamed"));
        assertThat(server.count(Tclunk.class)).isZero();

        final long last = share.open(third, OpenFlags.RDONLY, new NoKernelCache());

        assertThat(server.count(Tclunk.class)).isEqualTo(1);
        server.release();
        share.statfs(ROOT);
        share.release(handle);
        share.release(later);
        share.release(last);
    }

    @Test
    void anOpenGivesUpTheOverdueChecksOfEarlierOpens() throws IOException {
        share.close();
        openShare(SessionOptions.defaults(0).withRequestTimeout(Duration.ofMillis(300)));
        server.hold();
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
        server.answerChecks();
        server.hold(Tstatfs.class);
        assertErrno(Errno.ETIMEDOUT, () -> share.statfs(ROOT));
        assertThat(server.count(Tflush.class)).isEqualTo(1);

        share.release(share.open(node, OpenFlags.RDONLY, new NoKernelCache()));

        assertThat(server.count(Tflush.class)).isEqualTo(2);
        server.release();
        share.release(handle);
    }

    @Test
    void anInterruptedReadLeavesTheCheckToTheNextOne() throws Exception {
        server.hold();
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
        try (BackgroundCall<Boolean> call = BackgroundCall.start("read", () -> {
            share.read(handle, 0, 10).close();
            return true;
        })) {
            call.awaitInside("awaitEnd").interrupt();
            assertThat(Errno.of(call.failure())).isEqualTo(Errno.EINTR);
        }
        server.release();
        share.statfs(ROOT);
        share.read(handle, 0, 10).close();
        assertThat(server.count(Tlopen.class)).isEqualTo(1);
        share.release(handle);
    }

    @Test
    void anOpenThatNothingDependsOnNeedsNoVerdict() throws IOException {
        server.onCheck(answer -> new Rlerror(EIO));
        share.release(share.open(node, OpenFlags.RDONLY, new NoKernelCache()));
        assertThat(server.count(Tlopen.class)).isEqualTo(1);
        assertThat(server.count(Twalk.class)).isEqualTo(2);
        assertThat(server.count(Tclunk.class)).isEqualTo(1);
    }

    private static void assertErrno(final int errno, final ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .satisfies(failure ->
                        assertThat(Errno.of(failure)).as("%s", failure).isEqualTo(errno));
    }
}
