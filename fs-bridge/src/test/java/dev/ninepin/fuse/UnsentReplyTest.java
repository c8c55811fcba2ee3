package dev.ninepin.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.fuse.FaultyFuse.ReplyFault;
import dev.ninepin.fuse.mount.FuseOptions;
import dev.ninepin.operations.CacheMode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests of replies that give the kernel a handle or a node, and that the kernel does not get. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class UnsentReplyTest {
    private final FaultyFuse fuse = new FaultyFuse();
    private final MemoryFiles files = new MemoryFiles(CacheMode.OPEN);
    private Mounted mounted;

    UnsentReplyTest() throws IOException {}

    @BeforeEach
    void mount() throws IOException {
        files.makeFile("file", 4);
        mounted = new Mounted(fuse.library, files, new FuseOptions("memory", false, false, false));
    }

    @AfterEach
    void unmount() throws IOException {
        mounted.close();
    }

    /** Runs an operation whose first reply by {@code function} fails. */
    private void failing(final String function, final ReplyFault fault, final ThrowingCallable operation) {
        final int before = fuse.calls(function);
        fuse.failOnce(function, fault);
        assertThatThrownBy(operation).isInstanceOf(IOException.class);
        assertThat(fuse.calls(function)).isGreaterThan(before);
    }

    @ParameterizedTest
    @EnumSource
    void aHandleThatTheKernelDoesNotGetIsReleased(final ReplyFault fault) {
        failing("fuse_reply_open", fault, () -> Files.newDirectoryStream(mounted.root));
        await().untilAsserted(() -> assertThat(files.openHandles()).isZero());
        failing("fuse_reply_buf", fault, () -> FileChannel.open(mounted.file("file")));
        await().untilAsserted(() -> assertThat(files.openHandles()).isZero());
        failing("fuse_reply_create", fault, () -> Files.createFile(mounted.file("new")));
        await().untilAsserted(() -> {
            assertThat(files.openHandles()).isZero();
            assertThat(files.lookups("new")).isZero();
        });
    }

    @ParameterizedTest
    @EnumSource
    void aNodeThatTheKernelDoesNotGetIsForgotten(final ReplyFault fault) {
        failing("fuse_reply_entry", fault, () -> Files.readAttributes(mounted.file("file"), "unix:ino"));
        await().untilAsserted(() -> assertThat(files.lookups("file")).isZero());
        failing("fuse_reply_entry", fault, () -> Files.createDirectory(mounted.file("directory")));
        await().untilAsserted(() -> assertThat(files.lookups("directory")).isZero());
        failing("fuse_reply_buf", fault, () -> {
            try (var entries = Files.newDirectoryStream(mounted.root)) {
                entries.forEach(entry -> {});
            } catch (final DirectoryIteratorException e) {
                throw e.getCause();
            }
        });
        await().untilAsserted(() -> assertThat(files.lookups("file")).isZero());
    }
}
