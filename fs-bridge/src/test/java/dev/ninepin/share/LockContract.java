package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.operations.LockMode.EXCLUSIVE;
import static dev.ninepin.operations.LockMode.NONE;
import static dev.ninepin.operations.LockMode.SHARED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileLock;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.operations.LockMode;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.testing.BackgroundCall;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests of locks that are sent to a real server. */
abstract class LockContract extends ShareFixture {
    protected static final long ME = 0x1111_2222_3333_4444L;
    protected static final long YOU = -1;
    protected static final int MY_PID = 11;
    protected static final int YOUR_PID = 22;

    protected long node;

    /** The handle of an open file. */
    protected long handle;

    @BeforeEach
    void makeAFile() throws IOException {
        node = file(ROOT, "file", new byte[100]);
        handle = open();
    }

    @AfterEach
    void closeIt() throws IOException {
        if (session.status().connected()) {
            share.release(handle);
        }
    }

    protected long open() throws IOException {
        return share.open(node, OpenFlags.RDWR, NO_KERNEL);
    }

    protected FileLock range(final long owner, final LockMode mode, final long first, final long last) {
        return new FileLock(owner, handle, owner == ME ? MY_PID : YOUR_PID, mode, first, last);
    }

    protected void lock(final long owner, final LockMode mode, final long first, final long last) throws IOException {
        share.lock(range(owner, mode, first, last), false, NO_KERNEL);
    }

    protected void unlock(final long owner) throws IOException {
        lock(owner, NONE, 0, FileLock.TO_THE_END);
    }

    protected BackgroundCall<Void> lockWaiting(
            final long owner, final LockMode mode, final long first, final long last) {
        return BackgroundCall.start("locker", () -> {
            share.lock(range(owner, mode, first, last), true, NO_KERNEL);
            return null;
        });
    }

    protected long requests(final String kind) {
        return session.status().messages().stream()
                .filter(message -> message.name().equals(kind))
                .mapToLong(message -> message.count())
                .sum();
    }

    @Test
    void ownersExcludeEachOtherWhicheverHandleTheyUse() throws IOException {
        lock(ME, EXCLUSIVE, 10, 19);
        assertErrno(Errno.EAGAIN, () -> lock(YOU, SHARED, 0, 10));
        lock(YOU, SHARED, 0, 9);
        assertThat(share.lockInTheWay(range(YOU, SHARED, 0, 100)))
                .contains(new FileLock(ME, handle, MY_PID, EXCLUSIVE, 10, 19));
        assertThat(share.lockInTheWay(range(YOU, EXCLUSIVE, 20, 100))).isEmpty();
        lock(ME, NONE, 15, 15);
        lock(YOU, EXCLUSIVE, 15, 15);
        assertErrno(Errno.EAGAIN, () -> lock(ME, SHARED, 15, 15));
        unlock(ME);
        lock(YOU, EXCLUSIVE, 0, FileLock.TO_THE_END);
        unlock(YOU);
    }

    @Test
    void aLockOutlivesTheHandleThatTheServerHoldsItOver() throws IOException {
        final long other = open();
        final long mine = handle;
        lock(ME, EXCLUSIVE, 0, 9);
        handle = other;
        lock(YOU, EXCLUSIVE, 20, 29);
        share.flush(mine, ME);
        share.release(mine);
        assertThat(share.lockInTheWay(range(ME, SHARED, 0, 100)))
                .contains(new FileLock(YOU, other, YOUR_PID, EXCLUSIVE, 20, 29));
        final long before = requests("Tlock");
        lock(ME, EXCLUSIVE, 0, 9);
        assertThat(requests("Tlock")).as("the server has it still").isEqualTo(before);
        unlock(ME);
        unlock(YOU);
        assertThat(requests("Tlock")).isEqualTo(before + 1);
    }

    @Test
    void whatAnOpenFileOwnsItselfGoesWithIt() throws IOException {
        final long other = open();
        share.flock(FileLock.whole(YOU, other, 0, EXCLUSIVE), false, NO_KERNEL);
        share.lock(new FileLock(YOU, other, YOUR_PID, EXCLUSIVE, 5, 5), false, NO_KERNEL);
        share.flush(other, ME);
        assertErrno(Errno.EAGAIN, () -> lock(ME, SHARED, 0, 9));
        assertErrno(Errno.EAGAIN, () -> share.flock(FileLock.whole(ME, handle, 0, SHARED), false, NO_KERNEL));
        share.release(other);
        lock(ME, SHARED, 0, 9);
        share.flock(FileLock.whole(ME, handle, 0, SHARED), false, NO_KERNEL);
    }

    @Test
    void anInterruptEndsAWaitAndNothingIsLeftOfIt() throws Exception {
        lock(ME, EXCLUSIVE, 0, 9);
        for (int i = 0; i < 10; i++) {
            try (BackgroundCall<Void> waiting =
                    lockWaiting(YOU, EXCLUSIVE, 5, 20).awaitInside("await")) {
                waiting.interrupt();
                assertThat(Errno.of(waiting.failure())).isEqualTo(Errno.EINTR);
            }
        }
        unlock(ME);
        lock(ME, EXCLUSIVE, 0, FileLock.TO_THE_END);
        unlock(ME);
    }

    @Test
    void whoIsInterruptedAtAnyTimeHasTheLockOrNot() throws Exception {
        final long before = requests("Tlock");
        for (int i = 0; i < 200; i++) {
            final int spins = i * 50;
            try (BackgroundCall<Boolean> locking = BackgroundCall.start("locker", () -> {
                try {
                    share.lock(range(YOU, EXCLUSIVE, 0, 9), true, NO_KERNEL);
                    return true;
                } catch (final IOException e) {
                    assertThat(Errno.of(e)).isEqualTo(Errno.EINTR);
                    return false;
                }
            })) {
                for (int n = 0; n < spins; n++) {
                    Thread.onSpinWait();
                }
                locking.interrupt();
                if (locking.result()) {
                    assertErrno(Errno.EAGAIN, () -> lock(ME, EXCLUSIVE, 0, 9));
                    unlock(YOU);
                }
            }
            lock(ME, EXCLUSIVE, 0, 9);
            unlock(ME);
        }
        assertThat(requests("Tlock")).isGreaterThan(before);
    }

    @Test
    void theKernelDropsItsDataWhenTheFirstHereLocks() throws IOException {
        final List<Long> dropped = new ArrayList<>();
        final KernelCache kernel = new NoKernelCache() {
            @Override
            public void dropData(final long dropping) {
                dropped.add(dropping);
            }
        };
        share.lock(range(ME, SHARED, 0, 9), false, kernel);
        assertThat(dropped).containsExactly(node);
        share.lock(range(YOU, SHARED, 0, 9), false, kernel);
        share.lock(range(YOU, EXCLUSIVE, 20, 29), false, kernel);
        unlock(ME);
        share.flock(FileLock.whole(ME, handle, 0, EXCLUSIVE), false, kernel);
        assertThat(dropped).as("nobody else could lock it meanwhile").containsExactly(node);
        unlock(YOU);
        share.flock(FileLock.whole(ME, handle, 0, NONE), false, kernel);
        share.flock(FileLock.whole(YOU, handle, 0, EXCLUSIVE), false, kernel);
        assertThat(dropped).containsExactly(node, node);
    }

    @Test
    void locksOfASessionThatIsOverAreEio() throws IOException {
        session.close();
        assertErrno(Errno.EIO, () -> lock(ME, SHARED, 0, 9));
        assertErrno(Errno.EIO, () -> share.lockInTheWay(range(ME, SHARED, 0, 9)));
        unlock(ME);
    }
}
