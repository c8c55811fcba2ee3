package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.share.ShareFixture.assertErrno;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileLock;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.operations.LockMode;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.LockStatus;
import dev.ninepin.p9.LockType;
import dev.ninepin.p9.Message;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.Rlock;
import dev.ninepin.p9.Tlock;
import dev.ninepin.p9.Tstatfs;
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
import java.util.Deque;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests of locks that the server loses with the connection. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LostLocksTest {
    private final LyingServer server = new LyingServer();
    private final Cuts cuts = new Cuts();

    /** The types of the requested locks, as {@link LockType} numbers. */
    private final List<Integer> asked = new CopyOnWriteArrayList<>();

    private final Deque<Message> answers = new ConcurrentLinkedDeque<>();

    private Share share;
    private long node;
    private long handle;

    @BeforeEach
    void open() throws IOException {
        server.put("file", LyingServer.S_IFREG | 0644, new byte[60]);
        server.lie(Tlock.class, (request, truth) -> {
            asked.add(((Tlock) request).type());
            final Message planned = answers.poll();
            return planned == null ? new Rlock(LockStatus.SUCCESS) : planned;
        });
        share = Share.open(
                Session.connect(
                        () -> new CuttingChannel(new AnsweringChannel(server), cuts), SessionOptions.defaults(0)),
                new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()));
        node = share.lookup(ROOT, ByteString.of("file")).node();
        handle = share.open(node, OpenFlags.RDWR, new NoKernelCache());
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        share.release(handle);
        share.close();
        assertThat(share.session().status().tagsUsed()).isZero();
    }

    private void lock(final LockMode mode, final KernelCache kernel) throws IOException {
        share.lock(new FileLock(1, handle, 11, mode, 0, 9), false, kernel);
    }

    /** Cuts the connection, and blocks until the session has reconnected. */
    private void cut() throws IOException {
        cuts.plan(Tstatfs.class, Cuts.Moment.BEFORE_ARRIVAL);
        share.statfs(ROOT);
    }

    private void read() throws IOException {
        share.read(handle, 0, 10).close();
    }

    /** A kernel that waits for a read when it drops pages, after the connection was cut. */
    private final class CutOff extends NoKernelCache {
        private final AtomicInteger drops = new AtomicInteger();

        @Override
        public void dropData(final long dropped) {
            if (drops.incrementAndGet() > 1) {
                return;
            }
            try (BackgroundCall<Boolean> reading = BackgroundCall.start("reading", () -> {
                cut();
                read();
                return true;
            })) {
                assertThat(reading.result()).isTrue();
            } catch (final Exception e) {
                throw new AssertionError("the read failed", e);
            }
        }
    }

    @Test
    void aLockThatWasLostWhilePagesWereDroppedIsRequestedAgain() throws Exception {
        final CutOff kernel = new CutOff();
        lock(LockMode.EXCLUSIVE, kernel);
        assertThat(asked).containsExactly(LockType.WRLCK, LockType.WRLCK);
        assertThat(kernel.drops).as("another client may have changed the file").hasValue(2);
    }

    @Test
    void aLockThatAnotherClientTookWhilePagesWereDroppedIsNotGranted() throws Exception {
        answers.add(new Rlock(LockStatus.SUCCESS));
        for (int i = 0; i < 1000; i++) {
            answers.add(new Rlock(LockStatus.BLOCKED));
        }
        assertThatThrownBy(() -> lock(LockMode.EXCLUSIVE, new CutOff()))
                .satisfies(e -> assertThat(Errno.of(e)).isEqualTo(Errno.EAGAIN));
        answers.clear();
        lock(LockMode.EXCLUSIVE, new NoKernelCache());
    }

    @Test
    void aLockIsRegainedBeforeAnyFidOfTheFileIsUsed() throws Exception {
        lock(LockMode.EXCLUSIVE, new NoKernelCache());
        answers.add(new Rlerror(Errno.EIO));
        cut();
        // At first, the server fails.
        await().until(() -> asked.size() == 2);
        final int flags = OpenFlags.RDWR | OpenFlags.APPEND;
        answers.add(new Rlerror(Errno.EIO));
        assertThatThrownBy(() -> share.write(handle, 60, ByteBuffer.allocateDirect(1), flags))
                .satisfies(e -> assertThat(Errno.of(e)).isEqualTo(Errno.EIO));
        assertThat(asked)
                .as("the fid that appends is opened for the first time")
                .hasSize(3);

        share.release(share.open(node, OpenFlags.RDONLY, new NoKernelCache()));
        assertThat(asked).as("another handle").hasSize(4);
        share.write(handle, 60, ByteBuffer.allocateDirect(1), flags);
        assertThat(asked).containsOnly(LockType.WRLCK).hasSize(4);
    }

    @Test
    void theAttributesOfAFileWithALostLockAreStillRead() throws Exception {
        lock(LockMode.EXCLUSIVE, new NoKernelCache());
        for (int i = 0; i < 1000; i++) {
            answers.add(new Rlock(LockStatus.BLOCKED));
        }
        cut();
        await().untilAsserted(() -> assertErrno(Errno.EIO, this::read));
        assertThat(share.getattr(node).size()).isEqualTo(60);
    }
}
