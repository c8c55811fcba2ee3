package dev.ninepin.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Tflush;
import dev.ninepin.session.exchange.ReadReply;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.testing.QemuServers;
import dev.ninepin.testing.RealServer;
import dev.ninepin.testing.ServerKind;
import dev.ninepin.testing.SessionFixture;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The two flush scenarios of QEMU's own virtio-9p test. QEMU serves the directory slowly, at two reads a second. QEMU
 * retries a short read, and notices at the retry that the request was flushed.
 */
class QemuFlushTest extends SessionFixture {
    private static final int SIZE = 100;

    private int fid;

    @Override
    protected RealServer start(final Path directory) {
        return new QemuServers(ServerKind.QEMU, directory, Map.of("throttling.iops-read", "2"));
    }

    @BeforeEach
    void openFile() throws IOException {
        Files.write(export.resolve("FLUSH"), new byte[SIZE]);
        connect(options());
        fid = session.fids().take();
        try (FidTable.Lease root = session.fids().lease(session.fids().root())) {
            session.walk(root.fid(), fid, List.of(name("FLUSH"))).await();
        }
        session.lopen(fid, OpenFlags.RDONLY).await();
        // Uses up the reads that QEMU's rate limit lets through at once.
        session.read(fid, 0, SIZE).await().close();
    }

    @Test
    void flushSuccess() throws IOException {
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> session.read(fid, 0, 10 * SIZE).await())
                .isInstanceOf(InterruptedIOException.class)
                .hasMessageContaining("Tread");

        assertThat(Thread.interrupted()).isTrue();
        assertThat(channel.sent(Tflush.class)).isEqualTo(1);
        assertThat(channel.emptyReplies()).isEqualTo(1);
        assertIdle();
        session.read(fid, 0, SIZE).await().close();
    }

    @Test
    void flushIgnored() throws IOException {
        Thread.currentThread().interrupt();

        // The first attempt returns all requested bytes.
        try (ReadReply reply = session.read(fid, 0, SIZE).await()) {
            assertThat(reply.data().remaining()).isEqualTo(SIZE);
        }

        assertThat(Thread.interrupted()).isTrue();
        assertThat(channel.sent(Tflush.class)).isEqualTo(1);
        assertThat(channel.emptyReplies()).isZero();
        assertIdle();
    }

    private void assertIdle() {
        await().untilAsserted(() -> assertThat(session.status().tagsUsed()).isZero());
        assertThat(session.status().strayReplies()).isZero();
    }
}
