package dev.ninepin.fuse.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.fuse.lib.LibFuse;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Tests of {@link OvertakenWrites} with a simulated kernel whose pages cannot be looked at. {@code OvertakenWriteTest}
 * uses a real kernel.
 */
class OvertakenWritesTest {
    private static final int ENOSYS = 38;

    private final Timer timer = new Timer();
    private final List<String> drops = new ArrayList<>();
    private final AtomicInteger answers = new AtomicInteger();
    private final CountDownLatch answered = new CountDownLatch(1);

    /** The action of the simulated kernel when it is asked to drop pages. */
    private Runnable dropping = () -> {};

    private final LibFuse kernel = (LibFuse) Proxy.newProxyInstance(
            LibFuse.class.getClassLoader(), new Class<?>[] {LibFuse.class}, (self, method, arguments) -> {
                if (method.getName().equals("fuse_lowlevel_notify_inval_inode")) {
                    drops.add(arguments[1] + ": " + arguments[2] + "+" + arguments[3]);
                    dropping.run();
                    return 0;
                }
                return -ENOSYS;
            });

    private final OvertakenWrites writes = new OvertakenWrites(kernel, 0, new KernelPages(kernel, 0), timer);

    @AfterEach
    void close() {
        timer.close();
    }

    private boolean drop(final boolean beingRead) {
        return writes.drop(7, 100, ByteBuffer.allocate(5000), beingRead, () -> {
            answers.incrementAndGet();
            answered.countDown();
        });
    }

    @Test
    void whatCannotBeLookedAtIsDropped() {
        assertThat(drop(false)).isTrue();
        assertThat(drop(true)).isTrue();
        assertThat(drops).containsExactly("7: 100+5000", "7: 100+5000");
        assertThat(answers).hasValue(0);
    }

    @Test
    void aDropThatWaitsForTheAnswerGetsIt() {
        dropping = () -> {
            try {
                assertThat(answered.await(60, TimeUnit.SECONDS)).isTrue();
            } catch (final InterruptedException e) {
                throw new AssertionError(e);
            }
        };
        assertThat(drop(false)).isFalse();
        assertThat(answers).hasValue(1);
    }

    @Test
    void afterAFailureNobodyElseAnswers() {
        dropping = () -> {
            throw new OutOfMemoryError("of a test");
        };
        assertThatThrownBy(() -> drop(false)).isInstanceOf(OutOfMemoryError.class);
        assertThat(answers).hasValue(0);
    }
}
