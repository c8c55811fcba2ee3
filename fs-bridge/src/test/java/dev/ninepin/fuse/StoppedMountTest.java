package dev.ninepin.fuse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.fuse.mount.FuseOptions;
import dev.ninepin.handover.FuseState;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.testing.BackgroundCall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests of a mount that stops serving for another program, and goes on. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StoppedMountTest {
    private static final FuseOptions OPTIONS = new FuseOptions("memory", false, false, false);
    private static final long LONG = TimeUnit.SECONDS.toNanos(30);

    /** Returns the number of the kernel's unanswered requests for a mount. */
    private static int unanswered(final Mounted mounted) throws IOException {
        return Integer.parseInt(
                Files.readString(Path.of("/sys/fs/fuse/connections/" + mounted.mount.connection() + "/waiting"), UTF_8)
                        .strip());
    }

    @Test
    void aStoppedMountTakesNoRequestUntilItGoesOn() throws Exception {
        try (var mounted = new Mounted(new MemoryFiles(CacheMode.NONE), OPTIONS)) {
            mounted.files.makeFile("file", 1);
            final AtomicBoolean isStopped = new AtomicBoolean();
            final AtomicBoolean isAsked = new AtomicBoolean();
            mounted.files.interfere((operation, node) -> isAsked.compareAndSet(false, isStopped.get()));
            for (int round = 0; round < 20; round++) {
                final FuseState state = mounted.mount.stop(LONG).orElseThrow();
                assertThat(state.connection()).isEqualTo(mounted.mount.connection());
                assertThat(state.request().length()).isGreaterThan(40);
                assertThat(state.waiting()).isEmpty();
                isStopped.set(true);
                try (BackgroundCall<Boolean> looking =
                        BackgroundCall.start("looking", () -> Files.isRegularFile(mounted.file("file")))) {
                    await().until(() -> unanswered(mounted) > 0);
                    assertThat(mounted.mount.status().requestsInProgress()).isZero();
                    assertThat(isAsked).isFalse();
                    isStopped.set(false);
                    mounted.mount.goOn();
                    assertThat(looking.result()).isTrue();
                }
            }
        }
    }

    @Test
    void aRequestInProgressKeepsTheMountServing() throws Exception {
        try (var mounted = new Mounted(new MemoryFiles(CacheMode.NONE), OPTIONS)) {
            mounted.files.makeFile("slow", 1);
            mounted.files.makeFile("file", 1);
            final CountDownLatch begun = new CountDownLatch(1);
            final CountDownLatch end = new CountDownLatch(1);
            mounted.files.interfere((operation, node) -> {
                if (operation.equals("open")) {
                    begun.countDown();
                    try {
                        end.await();
                    } catch (final InterruptedException e) {
                        throw new IOException(e);
                    }
                }
            });
            try (BackgroundCall<byte[]> reading =
                    BackgroundCall.start("reading", () -> Files.readAllBytes(mounted.file("slow")))) {
                begun.await();
                assertThat(mounted.mount.stop(TimeUnit.MILLISECONDS.toNanos(50)))
                        .isEqualTo(Optional.empty());
                assertThat(Files.isRegularFile(mounted.file("file"))).isTrue();
                end.countDown();
                assertThat(reading.result()).hasSize(1);
            }
            assertThat(mounted.mount.stop(LONG)).isPresent();
            mounted.mount.goOn();
            assertThat(Files.readAllBytes(mounted.file("slow"))).hasSize(1);
        }
    }
}
