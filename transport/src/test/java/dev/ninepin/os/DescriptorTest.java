package dev.ninepin.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.testing.BackgroundCall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class DescriptorTest {
    @TempDir
    private Path directory;

    @Test
    void closingWakesTheThreadInASystemCallAndReleasesTheNumberAfterIt() throws Exception {
        final CountDownLatch inside = new CountDownLatch(1);
        final CountDownLatch woken = new CountDownLatch(1);
        final int number;
        try (Descriptor opened = Descriptor.openReadOnly(directory)) {
            number = LibC.get().fcntl(opened.number(), 0, 0);
        }
        final Descriptor descriptor = Descriptor.of(number, "test", (same, thread) -> woken.countDown());
        try (BackgroundCall<Boolean> caller = BackgroundCall.start("caller", () -> {
            descriptor.call(same -> {
                inside.countDown();
                awaitQuietly(woken);
                assertThat(isOpen(number)).isTrue();
                return 0;
            });
            return true;
        })) {
            inside.await();

            descriptor.close();

            assertThat(caller.result()).isTrue();
        }
        assertThat(isOpen(number)).isFalse();
        assertThatThrownBy(() -> descriptor.call(same -> 0))
                .isInstanceOf(IOException.class)
                .hasMessage("test is closed");
        descriptor.close();
    }

    @Test
    void aFailureIsANegatedErrnoOrAnException() throws Exception {
        try (Descriptor descriptor = Descriptor.openReadOnly(directory)) {
            assertThat(SystemErrno.of(
                            (int) -descriptor.call(number -> LibC.get().dup2(-1, number))))
                    .isEqualTo(SystemErrno.OTHER);
            assertThatThrownBy(
                            () -> descriptor.call("dup2", number -> LibC.get().dup2(-1, number)))
                    .hasMessage(directory + ": dup2: Bad file descriptor");
        }
        assertThatThrownBy(() -> Descriptor.open(directory.resolve("none")))
                .hasMessage(directory + "/none: No such file or directory");
    }

    @Test
    void whatIsWrittenIsReadInOneAccess() throws Exception {
        final Path file = Files.createFile(directory.resolve("file"));
        try (Descriptor descriptor = Descriptor.open(file)) {
            descriptor.writeAt(3, Long.BYTES, 0x8877_6655_c433_2211L);

            assertThat(descriptor.readAt(3, Long.BYTES)).isEqualTo(0x8877_6655_c433_2211L);
            assertThat(descriptor.readAt(3, Integer.BYTES)).isEqualTo(0xc433_2211L);
            assertThat(descriptor.readAt(10, Byte.BYTES)).isEqualTo(0x88);
            assertThatThrownBy(() -> descriptor.readAt(10, Short.BYTES)).hasMessageContaining("1 of 2 bytes");
        }
    }

    /** Returns whether {@code number} denotes the test's directory. */
    private boolean isOpen(final int number) {
        final Path link = Path.of("/proc/self/fd", Integer.toString(number));
        try {
            return Files.isSymbolicLink(link) && link.toRealPath().equals(directory.toRealPath());
        } catch (final IOException e) {
            return false;
        }
    }

    private static void awaitQuietly(final CountDownLatch latch) {
        try {
            latch.await();
        } catch (final InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
