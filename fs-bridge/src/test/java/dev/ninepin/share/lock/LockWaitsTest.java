package dev.ninepin.share.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.operations.Errno;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class LockWaitsTest {
    private final LockWaits waits = new LockWaits();

    @Test
    void aCircleOfWaitsIsRefused() throws Exception {
        waits.begin(1, 2);
        waits.begin(2, 3);
        final LockWaits.Waiting third = waits.begin(3, 4);
        assertErrno(Errno.EDEADLK, () -> waits.begin(4, 1));
        assertErrno(Errno.EDEADLK, () -> waits.begin(3, 1));
        third.close();
        waits.begin(4, 1);
        assertErrno(Errno.EDEADLK, () -> waits.begin(3, 4));
    }

    @Test
    void whoWaitsForAnotherClientIsInNoCircle() throws Exception {
        waits.begin(1, 2);
        waits.begin(2);
        waits.begin(3, 1);
        assertErrno(Errno.EDEADLK, () -> waits.begin(2, 3));
    }

    @Test
    void oneOfSeveralThreadsIsEnoughForACircle() throws Exception {
        final LockWaits.Waiting first = waits.begin(1, 2);
        waits.begin(1, 3);
        first.close();
        waits.begin(2, 1);
        assertErrno(Errno.EDEADLK, () -> waits.begin(3, 1));
    }

    @Test
    void onlySoManyMayWaitAtOnce() throws Exception {
        final List<LockWaits.Waiting> all = new ArrayList<>();
        for (int i = 0; i < LockWaits.MOST; i++) {
            all.add(waits.begin(i, LockWaits.MOST));
        }
        assertErrno(Errno.ENOLCK, () -> waits.begin(LockWaits.MOST + 1));
        all.get(7).close();
        waits.begin(LockWaits.MOST + 1);
        assertErrno(Errno.ENOLCK, () -> waits.begin(7, LockWaits.MOST));
    }

    private static void assertErrno(final int errno, final ThrowingCallable call) {
        assertThatThrownBy(call).satisfies(e -> assertThat(Errno.of(e)).isEqualTo(errno));
    }
}
