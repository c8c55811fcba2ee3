package dev.ninepin.fuse;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Tread;
import dev.ninepin.p9.Twrite;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.LyingServer;
import dev.ninepin.testing.Python;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests of writes whose pages the kernel drops and reads again before the write has reached the server. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OvertakenWriteTest {
    private static final int SIZE = 5 * 4096;

    private final Server server = new Server();
    private ServedMount mounted;

    /** A server with one file. On request, it holds back a write until the kernel has read the old contents. */
    private static final class Server implements AnsweringChannel.Server {
        private final LyingServer rest = new LyingServer();
        private final byte[] content = "o".repeat(SIZE).getBytes(US_ASCII);
        private volatile boolean holding;
        private volatile boolean held;
        private volatile int reads;
        private int heldTag;
        private Twrite heldWrite;

        @Override
        public synchronized List<ByteBuffer> answer(final int tag, final Tmessage request) {
            if (request instanceof Twrite write) {
                if (holding) {
                    holding = false;
                    heldTag = tag;
                    heldWrite = write;
                    held = true;
                    return List.of();
                }
                return List.of(write(tag, write));
            }
            final List<ByteBuffer> answers = new ArrayList<>(rest.answer(tag, request));
            if (request instanceof Tread) {
                reads++;
                if (held) {
                    held = false;
                    answers.add(write(heldTag, heldWrite));
                }
            }
            return answers;
        }

        private ByteBuffer write(final int tag, final Twrite write) {
            final int count = write.data().remaining();
            write.data().duplicate().get(content, Math.toIntExact(write.offset()), count);
            return AnsweringChannel.bytes(tag, new Rwrite(count));
        }
    }

    @BeforeEach
    void makeFile() {
        server.rest.put("file", LyingServer.S_IFREG | 0644, server.content);
    }

    /**
     * Mounts the share.
     *
     * @param withPages whether reads go through the page cache, as with an older kernel
     */
    private void mount(final boolean withPages) throws IOException {
        mounted = new ServedMount(
                server, 65536, new ShareOptions(CacheMode.NONE, OptionalInt.empty(), OptionalInt.empty()), !withPages);
    }

    @AfterEach
    void unmount() throws IOException {
        mounted.close();
    }

    private FileChannel open() throws IOException {
        return FileChannel.open(mounted.root.resolve("file"), StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    private static String read(final FileChannel file, final int offset, final int length) throws IOException {
        final ByteBuffer bytes = ByteBuffer.allocate(length);
        assertThat(file.read(bytes, offset)).isEqualTo(length);
        return new String(bytes.array(), US_ASCII);
    }

    @ParameterizedTest
    @CsvSource({"0, 3", "4000, 96", "4096, 4096", "100, 5000", "0, 12288", "4095, 8195"})
    void whatWasWrittenIsReadThoughTheWriteWasOvertakenByAReadOfItsPages(final int offset, final int length)
            throws Exception {
        mount(true);
        try (FileChannel writer = open()) {
            read(writer, 0, SIZE);
            server.holding = true;
            final String written = "n".repeat(length);
            try (BackgroundCall<Integer> write = BackgroundCall.start(
                    "writer", () -> writer.write(ByteBuffer.wrap(written.getBytes(US_ASCII)), offset))) {
                await().until(() -> server.held);
                try (FileChannel reader = open()) {
                    read(reader, 0, SIZE);
                }
                assertThat(write.result()).isEqualTo(length);
            }
            assertThat(read(writer, 0, SIZE)).isEqualTo(new String(server.content, US_ASCII));
            assertThat(read(writer, offset, length)).isEqualTo(written);
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 3", "4000, 96", "4096, 4096", "100, 5000", "0, 12288", "4095, 8195"})
    void whatWasWrittenIsInAMapThatReadItsPagesMeanwhile(final int offset, final int length) throws Exception {
        mount(false);
        server.holding = true;
        final Process writer = new ProcessBuilder(
                        Python.COMMAND, "-c", """
                import mmap, os, sys, threading
                offset, length = int(sys.argv[1]), int(sys.argv[2])
                fd = os.open('file', os.O_RDWR)
                map = mmap.mmap(fd, 5 * 4096)
                before = map[:]
                writer = threading.Thread(target=os.pwrite, args=(fd, b'n' * length, offset))
                writer.start()
                while writer.is_alive():
                    map.madvise(mmap.MADV_DONTNEED)
                    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
                    map[:]
                assert map[:] == before[:offset] + b'n' * length + before[offset + length:]
                """, Integer.toString(offset), Integer.toString(length))
                .directory(mounted.root.toFile())
                .inheritIO()
                .start();
        assertThat(writer.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(writer.exitValue()).isZero();
        assertThat(server.holding || server.held).isFalse();
    }

    @Test
    void aWriteDoesNotWaitForThePageThatTheKernelHoldsForIt() throws Exception {
        mount(true);
        final Process writer = new ProcessBuilder(Python.COMMAND, "-c", """
                import os
                fd = os.open('file', os.O_RDWR)
                for n in range(100):
                    os.close(os.open('file', os.O_RDONLY))
                    os.pread(fd, 10, 0)
                    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
                    os.pwrite(fd, b'%d' % n, 10)
                    assert os.pread(fd, 30, 0).startswith(b'o' * 10 + b'%d' % n)
                """)
                .directory(mounted.root.toFile())
                .inheritIO()
                .start();
        final long begin = System.nanoTime();
        assertThat(writer.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(writer.exitValue()).isZero();
        // A wait for the held page would take a second each time.
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(30));
        // Both reads of each round reached the server, so the page was never in the kernel's cache.
        assertThat(server.reads).isGreaterThanOrEqualTo(2 * 100);
    }
}
