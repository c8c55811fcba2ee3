package dev.ninepin.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SeparateCallTest {
    private final CountDownLatch released = new CountDownLatch(1);

    @Test
    void aCallThatOutlastsTheWaitGoesOn() throws Exception {
        final SeparateCall call = SeparateCall.start("test", this::block);

        assertThatThrownBy(() -> call.await(1)).isInstanceOf(TimeoutException.class);

        released.countDown();
        call.awaitUninterruptibly();
    }

    @Test
    void aFailureOfTheCallIsThrown() {
        final IOException failure = new IOException("no");
        final SeparateCall.Action failing = () -> {
            throw failure;
        };
        assertThatThrownBy(() -> SeparateCall.run("test", 60, failing)).isSameAs(failure);
        assertThatThrownBy(() -> SeparateCall.start("test", failing).awaitUninterruptibly())
                .isSameAs(failure);
    }

    @Test
    void anInterruptEndsOnlyAWaitThatAllowsIt() throws Exception {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> SeparateCall.run("test", 60, this::block)).isInstanceOf(InterruptedIOException.class);

        released.countDown();
        SeparateCall.start("test", this::block).awaitUninterruptibly();

        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void anInterruptOfTheCallReachesItsThread() {
        final SeparateCall call = SeparateCall.start("test", this::block);

        call.interrupt();

        assertThatThrownBy(call::awaitUninterruptibly).hasMessage("interrupted");
    }

    private void block() throws IOException {
        try {
            released.await();
        } catch (final InterruptedException e) {
            throw new IOException("interrupted", e);
        }
    }
}
