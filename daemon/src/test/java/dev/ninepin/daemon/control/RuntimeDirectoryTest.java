package dev.ninepin.daemon.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.daemon.host.RuntimeDirectory;
import dev.ninepin.daemon.host.User;
import dev.ninepin.testing.BackgroundCall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RuntimeDirectoryTest {
    @TempDir
    private Path temporary;

    private RuntimeDirectory directory;

    @BeforeEach
    void setUp() throws Exception {
        directory = new RuntimeDirectory(temporary.resolve("ninepin"), User.current());
    }

    @Test
    void eachUserHasAPlaceOfTheirOwn() {
        final Map<String, String> session = Map.of("XDG_RUNTIME_DIR", "/run/user/1000");
        assertThat(RuntimeDirectory.of(new User(0), session::get).path()).hasToString("/run/ninepin");
        assertThat(RuntimeDirectory.of(new User(1000), session::get).path()).hasToString("/run/user/1000/ninepin");
        assertThat(RuntimeDirectory.of(new User(1000), Map.<String, String>of()::get)
                        .path())
                .hasToString("/tmp/ninepin-1000");
    }

    @Test
    void aRuntimeDirectoryThatIsTooLongForASocketIsNotUsed() {
        final Map<String, String> session = Map.of("XDG_RUNTIME_DIR", "/run" + "/long".repeat(10));
        final RuntimeDirectory chosen = RuntimeDirectory.of(new User(7), session::get);
        assertThat(chosen.path()).hasToString("/tmp/ninepin-7");
        assertThat(chosen.socket(Path.of("/mnt" + "/very/deep".repeat(50))).toString())
                .hasSizeLessThanOrEqualTo(107);
    }

    @Test
    void theLengthOfARuntimeDirectoryIsCountedInBytes() {
        final Map<String, String> session = Map.of("XDG_RUNTIME_DIR", "/run/" + "\u00fc".repeat(20));
        assertThat(RuntimeDirectory.of(new User(7), session::get).path()).hasToString("/tmp/ninepin-7");
    }

    @Test
    void onlyItsOwnerMayEnterIt() throws Exception {
        directory.prepare();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.path())))
                .isEqualTo("rwx------");
        directory.prepare();
    }

    @Test
    void oneThreadAtATimeChangesWhatIsThere() throws Exception {
        directory.prepare();
        final CountDownLatch inside = new CountDownLatch(1);
        final CountDownLatch end = new CountDownLatch(1);
        try (BackgroundCall<Boolean> first = BackgroundCall.start(
                        "first",
                        () -> directory.runLocked(() -> {
                            inside.countDown();
                            awaitUninterrupted(end);
                            return true;
                        }));
                BackgroundCall<Long> second = BackgroundCall.start("second", () -> {
                    inside.await();
                    return directory.runLocked(end::getCount);
                })) {
            inside.await();
            second.awaitInside("runLocked");
            end.countDown();
            assertThat(first.result()).isTrue();
            assertThat(second.result()).isZero();
        }
    }

    private static void awaitUninterrupted(final CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (final InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void oneThatIsOpenToOthersIsNotTrusted() throws Exception {
        directory.prepare();
        Files.setPosixFilePermissions(directory.path(), PosixFilePermissions.fromString("rwxr-xr-x"));
        assertRefused("is open to other users");
    }

    @Test
    void oneOfAnotherUserIsNotTrusted() throws Exception {
        directory.prepare();
        directory =
                new RuntimeDirectory(directory.path(), new User(User.current().uid() + 1));
        assertRefused("belongs to another user");
    }

    @Test
    void aSymbolicLinkIsNotTrusted() throws Exception {
        directory.prepare();
        final Path link = Files.createSymbolicLink(temporary.resolve("link"), directory.path());
        directory = new RuntimeDirectory(link, directory.owner());
        assertRefused("is not a directory");
    }

    private void assertRefused(final String reason) {
        assertThatThrownBy(directory::prepare).isInstanceOf(IOException.class).hasMessageContaining(reason);
        assertThatThrownBy(directory::sockets).isInstanceOf(IOException.class).hasMessageContaining(reason);
    }
}
