package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.operations.LockMode.EXCLUSIVE;
import static dev.ninepin.operations.LockMode.NONE;
import static dev.ninepin.operations.LockMode.SHARED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileLock;
import dev.ninepin.operations.LockMode;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.ServerKind;
import java.io.IOException;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class LockTest {
    /** QEMU answers every lock request with success, and locks nothing. */
    @Nested
    @OnServer(ServerKind.QEMU)
    class OverQemu extends LockContract {}

    /** Tests with a second client of the same diod, as if it were on another host. */
    @Nested
    @OnServer(ServerKind.DIOD_UNIX)
    class OverDiod extends LockContract {
        private Share there;
        private long thereHandle;

        @BeforeEach
        void openThere() throws IOException {
            final var here = session;
            final var hereChannel = channel;
            there = open(new ShareOptions(CacheMode.NONE, OptionalInt.empty(), OptionalInt.empty()));
            session = here;
            channel = hereChannel;
            thereHandle = there.open(there.lookup(ROOT, name("file")).node(), OpenFlags.RDWR, NO_KERNEL);
        }

        @AfterEach
        void closeThere() {
            there.close();
        }

        private void lockThere(final LockMode mode) throws IOException {
            there.lock(FileLock.whole(YOU, thereHandle, YOUR_PID, mode), false, NO_KERNEL);
        }

        @Test
        void theServerHoldsWhatTheStrongestOfThisHostNeeds() throws IOException {
            lock(ME, SHARED, 0, 9);
            lockThere(SHARED);
            lockThere(NONE);
            lock(ME, EXCLUSIVE, 20, 29);
            lock(YOU, SHARED, 0, 9);
            assertErrno(Errno.EAGAIN, () -> lockThere(SHARED));
            assertThat(there.lockInTheWay(FileLock.whole(YOU, thereHandle, YOUR_PID, SHARED)))
                    .contains(FileLock.whole(0, 0, 0, EXCLUSIVE));
            lock(ME, NONE, 20, 29);
            lockThere(SHARED);
            assertErrno(Errno.EAGAIN, () -> lockThere(EXCLUSIVE));
            unlock(ME);
            assertErrno(Errno.EAGAIN, () -> lockThere(EXCLUSIVE));
            unlock(YOU);
            lockThere(EXCLUSIVE);
        }

        @Test
        void whoGetsNoMoreKeepsWhatItHas() throws IOException {
            lock(ME, SHARED, 0, 9);
            lockThere(SHARED);
            assertErrno(Errno.EAGAIN, () -> lock(ME, EXCLUSIVE, 0, 9));
            assertErrno(Errno.EAGAIN, () -> lock(YOU, EXCLUSIVE, 50, 50));
            lockThere(NONE);
            assertErrno(Errno.EAGAIN, () -> lockThere(EXCLUSIVE));
            lock(ME, EXCLUSIVE, 0, 9);
        }

        @Test
        void whoWaitsForAnotherHostGoesOnWhenThatLetsGo() throws Exception {
            lockThere(EXCLUSIVE);
            try (BackgroundCall<Void> waiting = lockWaiting(ME, EXCLUSIVE, 0, 9).awaitInside("awaitNanos")) {
                assertErrno(Errno.EAGAIN, () -> lock(YOU, SHARED, 50, 50));
                lockThere(NONE);
                waiting.result();
            }
            assertErrno(Errno.EAGAIN, () -> lockThere(SHARED));
        }

        @Test
        void whoIsInterruptedWhileAnotherHostHasTheLockHoldsNothing() throws Exception {
            lockThere(SHARED);
            lock(ME, SHARED, 0, 9);
            try (BackgroundCall<Void> waiting = lockWaiting(ME, EXCLUSIVE, 0, 9).awaitInside("awaitNanos")) {
                waiting.interrupt();
                assertThat(Errno.of(waiting.failure())).isEqualTo(Errno.EINTR);
            }
            lockThere(NONE);
            assertErrno(Errno.EAGAIN, () -> lockThere(EXCLUSIVE));
            unlock(ME);
            lockThere(EXCLUSIVE);
        }

        @Test
        void aClientThatGoesLeavesNoLock() throws IOException {
            lockThere(EXCLUSIVE);
            assertErrno(Errno.EAGAIN, () -> lock(ME, SHARED, 0, 9));
            there.close();
            lock(ME, EXCLUSIVE, 0, 9);
        }
    }
}
