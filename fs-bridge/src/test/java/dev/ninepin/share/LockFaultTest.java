package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileLock;
import dev.ninepin.operations.LockMode;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.LockStatus;
import dev.ninepin.p9.LockType;
import dev.ninepin.p9.Message;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rerror;
import dev.ninepin.p9.Rgetlock;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.Rlock;
import dev.ninepin.p9.Tgetlock;
import dev.ninepin.p9.Tlock;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.lock.LockRequests;
import dev.ninepin.share.lock.LockedFile;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.Logged;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.OptionalInt;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of locks with servers that do not support them, fail, or give a granted lock to another client. */
@Timeout(60)
class LockFaultTest {
    private final LyingServer server = new LyingServer();

    /** The types of the requested locks, as {@link LockType} numbers. */
    private final List<Integer> asked = new ArrayList<>();

    private final Deque<Message> answers = new ArrayDeque<>();

    private Share share;
    private long handle;

    @BeforeEach
    void open() throws IOException {
        server.put("file", LyingServer.S_IFREG | 0644);
        server.lie(Tlock.class, (request, truth) -> {
            final Tlock lock = (Tlock) request;
            assertThat(List.of(lock.flags(), lock.start(), lock.length())).containsExactly(0, 0L, 0L);
            asked.add(lock.type());
            return answers.isEmpty() ? new Rlock(LockStatus.SUCCESS) : answers.remove();
        });
        share = Share.open(
                Session.connect(new AnsweringChannel(server), SessionOptions.defaults(0)),
                new ShareOptions(CacheMode.NONE, OptionalInt.empty(), OptionalInt.empty()));
        handle = share.open(share.lookup(ROOT, ByteString.of("file")).node(), OpenFlags.RDWR, new NoKernelCache());
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        share.release(handle);
        share.close();
        assertThat(share.session().status().tagsUsed()).isZero();
    }

    private void lock(final LockMode mode, final boolean wait) throws IOException {
        share.lock(new FileLock(1, handle, 11, mode, 0, 9), wait, new NoKernelCache());
    }

    private static void assertErrno(final int errno, final ThrowingCallable call) {
        assertThatThrownBy(call).satisfies(e -> assertThat(Errno.of(e)).isEqualTo(errno));
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.ENOSYS, Errno.EOPNOTSUPP})
    void aServerWithoutLocksIsEnolckAndSaidOnce(final int errno) {
        try (Logged logged = Logged.from(LockRequests.class)) {
            for (int i = 0; i < 3; i++) {
                answers.add(new Rlerror(errno));
                assertErrno(Errno.ENOLCK, () -> lock(LockMode.SHARED, true));
            }
            server.lie(Tgetlock.class, (request, truth) -> new Rlerror(errno));
            assertErrno(Errno.ENOLCK, () -> share.lockInTheWay(FileLock.whole(2, handle, 22, LockMode.SHARED)));
            assertThat(logged.lines())
                    .singleElement()
                    .asString()
                    .startsWith("WARN the server does not support locks (errno " + errno + ")")
                    .contains("locks=local");
        }
    }

    /** nfs-ganesha answers that it cannot resolve the client's name. */
    @Test
    void ganeshaHasNoLocksThatCanBeUsed() {
        answers.add(new Rerror(Errno.EINVAL));
        assertErrno(Errno.ENOLCK, () -> lock(LockMode.SHARED, true));
    }

    @ParameterizedTest
    @ValueSource(ints = {LockStatus.ERROR, 77})
    void aServerThatFailsIsEnolck(final int status) throws IOException {
        answers.add(new Rlock(status));
        assertErrno(Errno.ENOLCK, () -> lock(LockMode.SHARED, true));
        lock(LockMode.EXCLUSIVE, false);
        lock(LockMode.NONE, false);
    }

    @Test
    void anotherErrorIsWhatTheServerSays() {
        answers.add(new Rlerror(Errno.EBADF));
        assertErrno(Errno.EBADF, () -> lock(LockMode.EXCLUSIVE, false));
    }

    @Test
    void aServerThatBeganAnewIsWaitedFor() throws IOException {
        answers.add(new Rlock(LockStatus.GRACE));
        assertErrno(Errno.EAGAIN, () -> lock(LockMode.SHARED, false));
        for (int i = 0; i < 3; i++) {
            answers.add(new Rlock(LockStatus.GRACE));
        }
        lock(LockMode.SHARED, true);
        assertThat(asked).hasSize(5);
    }

    @Test
    void aLockThatTheServerGaveAwayIsAskedForAgainAndSaid() throws IOException {
        lock(LockMode.SHARED, false);
        answers.add(new Rlock(LockStatus.BLOCKED));
        answers.add(new Rlock(LockStatus.BLOCKED));
        try (Logged logged = Logged.from(LockedFile.class)) {
            assertErrno(Errno.EAGAIN, () -> lock(LockMode.EXCLUSIVE, false));
            assertThat(logged.lines()).singleElement().asString().startsWith("WARN the server gave a lock to another");
        }
        lock(LockMode.SHARED, false);
        assertThat(asked).containsExactly(LockType.RDLCK, LockType.WRLCK, LockType.RDLCK, LockType.RDLCK);
    }

    @Test
    void anUnlockThatFailsIsTriedAgain() throws IOException {
        lock(LockMode.EXCLUSIVE, false);
        answers.add(new Rlerror(Errno.EIO));
        try (Logged logged = Logged.from(LockedFile.class)) {
            lock(LockMode.NONE, false);
            assertThat(logged.lines()).singleElement().asString().startsWith("WARN the server may hold a lock");
        }
        lock(LockMode.NONE, false);
        assertThat(asked).containsExactly(LockType.WRLCK, LockType.UNLCK, LockType.UNLCK);
    }

    @Test
    void whatIsInTheWayThereIsTheWholeFileAndNobodyHere() throws IOException {
        server.lie(
                Tgetlock.class,
                (request, truth) -> new Rgetlock(LockType.RDLCK, -5, 0, 4711, ByteString.of("elsewhere")));
        assertThat(share.lockInTheWay(new FileLock(1, handle, 11, LockMode.EXCLUSIVE, 5, 6)))
                .contains(FileLock.whole(0, 0, 0, LockMode.SHARED));
        server.lie(Tgetlock.class, (request, truth) -> new Rgetlock(99, 0, 0, 0, ByteString.EMPTY));
        assertThat(share.lockInTheWay(new FileLock(1, handle, 11, LockMode.SHARED, 5, 6)))
                .contains(FileLock.whole(0, 0, 0, LockMode.EXCLUSIVE));
    }
}
