package dev.ninepin.share.file;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.testing.LyingServer.S_IFREG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.NoKernelCache;
import dev.ninepin.share.Share;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;

/** A share of a server that holds its answers to writes back, and a file of which the test knows the contents. */
abstract class GatheredWritesFixture {
    static final ByteString NAME = ByteString.of("file");
    static final KernelCache KERNEL = new NoKernelCache();
    static final long OWNER = 7;

    /** The size of the small writes, in bytes. */
    static final int SMALL = 100;

    final HoldingServer server = new HoldingServer();
    Share share;

    /** What the file should contain. */
    byte[] expected = new byte[0];

    @AfterEach
    void nothingIsHeld() {
        if (share != null) {
            server.release();
            share.close();
            assertThat(share.session().status().tagsUsed()).isZero();
        }
        await().pollInSameThread().until(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().equals("ninepin-late-writes")));
    }

    long openFile(final int flags) throws IOException {
        return openFile(CacheMode.OPEN, flags);
    }

    long openFile(final CacheMode cache, final int flags) throws IOException {
        final LyingServer model = server.model();
        model.put(NAME.toString(), S_IFREG | 04755, new byte[60]);
        share = Share.open(
                Session.connect(new AnsweringChannel(server), SessionOptions.defaults(0)),
                new ShareOptions(cache, OptionalInt.empty(), OptionalInt.empty()));
        final long handle = share.open(share.lookup(ROOT, NAME).node(), flags, KERNEL);
        // The server is now known to write so much at once.
        share.write(handle, 0, ByteBuffer.allocateDirect(SMALL), flags);
        share.flush(handle, OWNER);
        server.requests().clear();
        return handle;
    }

    long node() throws IOException {
        final long node = share.lookup(ROOT, NAME).node();
        share.forget(node, 1);
        return node;
    }

    void writeNext(final long handle) throws IOException {
        writeNext(handle, OpenFlags.RDWR);
    }

    /** Writes some bytes behind those written so far. */
    void writeNext(final long handle, final int flags) throws IOException {
        write(handle, expected.length, flags);
    }

    /** Writes bytes that differ from those of other writes. */
    void write(final long handle, final int offset, final int flags) throws IOException {
        final byte[] bytes = new byte[SMALL];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (expected.length / SMALL * 31 + offset / SMALL * 7 + i + 1);
        }
        final ByteBuffer direct =
                ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
        assertThat(share.write(handle, offset, direct, flags)).isEqualTo(bytes.length);
        // The memory is FUSE's, and the next request overwrites it.
        direct.clear().put(new byte[SMALL]);
        expected = Arrays.copyOf(expected, Math.max(expected.length, offset + bytes.length));
        System.arraycopy(bytes, 0, expected, offset, bytes.length);
    }

    /** Makes the server send the answers that it holds. */
    void answerAll() throws IOException {
        server.release();
        share.statfs(ROOT);
    }
}
