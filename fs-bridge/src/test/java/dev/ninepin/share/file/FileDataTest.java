package dev.ninepin.share.file;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.testing.LyingServer.S_IFREG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.channel.Channel;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.operations.ReadResult;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rread;
import dev.ninepin.p9.Tread;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.NoKernelCache;
import dev.ninepin.share.Share;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.DeadlockWatch;
import dev.ninepin.testing.LyingServer;
import dev.ninepin.testing.SmallIounit;
import dev.ninepin.virtio.qemu.QemuChannel;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests of many concurrent large reads, and of the replies and buffers that they hold. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FileDataTest {
    private static final KernelCache NO_KERNEL = new NoKernelCache();
    private static final ByteString NAME = ByteString.of("file");

    /** The largest read that the kernel requests, in bytes. */
    private static final int LARGE = 256 << 10;

    private final LyingServer model = new LyingServer();
    private Share share;

    @AfterEach
    void nothingIsHeld() {
        if (share != null) {
            share.close();
            assertThat(share.session().status().tagsUsed()).isZero();
        }
    }

    /**
     * The virtio channel has 64 MiB for large messages: eight of 8 MiB. It always has room for four, even of 32 MiB.
     */
    @ParameterizedTest
    @CsvSource({"8, 8192", "8, 16384", "32, 8192", "2, 8192"})
    void largeReadsInSmallPiecesDoNotWaitForEachOthersReplies(
            final int msizeMib, final int iounit, @TempDir final Path export) throws Exception {
        final byte[] content = new byte[1 << 20];
        new Random(7).nextBytes(content);
        Files.write(export.resolve(NAME.toString()), content);
        final int msize = msizeMib << 20;
        open(new SmallIounit(QemuChannel.open(export, Map.of(), msize), iounit), msize);
        final long handle = openFile();
        final LongAdder done = new LongAdder();
        final List<BackgroundCall<Integer>> readers = new ArrayList<>();
        for (int i = 0; i < 32; i++) {
            final Random random = new Random(i);
            readers.add(BackgroundCall.start("reader " + i, () -> {
                int count = 0;
                while (count < 5) {
                    final int offset = random.nextInt(content.length - LARGE);
                    assertThat(read(handle, offset, LARGE))
                            .isEqualTo(Arrays.copyOfRange(content, offset, offset + LARGE));
                    count++;
                    done.increment();
                }
                return count;
            }));
        }
        try (DeadlockWatch watch = DeadlockWatch.over(done::sum)) {
            for (final BackgroundCall<Integer> reader : readers) {
                assertThat(reader.result()).isEqualTo(5);
            }
        }
        share.release(handle);
    }

    @Test
    void readsThatWaitForThePlaceOfOthersHaveNoBufferYet() throws Exception {
        final byte[] content = new byte[LARGE];
        new Random(8).nextBytes(content);
        model.put("file", S_IFREG | 0644, content);
        open(new AnsweringChannel(model), 8192);
        final long handle = openFile();
        final CountDownLatch answers = new CountDownLatch(1);
        model.lie(Tread.class, (request, truth) -> {
            awaitOpen(answers);
            return truth;
        });
        final long before = directMemory();

        final List<Thread> threads = new ArrayList<>();
        final List<BackgroundCall<byte[]>> readers = new ArrayList<>();
        for (int i = 0; i < 600; i++) {
            readers.add(BackgroundCall.start("reader " + i, () -> {
                synchronized (threads) {
                    threads.add(Thread.currentThread());
                }
                return read(handle, 0, LARGE);
            }));
        }
        await().until(() -> {
            synchronized (threads) {
                return threads.size() == readers.size() && threads.stream().allMatch(FileDataTest::waits);
            }
        });

        assertThat(directMemory() - before).as("bytes of direct memory").isLessThan(32 << 20);
        answers.countDown();
        for (final BackgroundCall<byte[]> reader : readers) {
            assertThat(reader.result()).isEqualTo(content);
        }
        share.release(handle);
    }

    /** The largest possible number of replies, all shorter than the file, arrives at the same moment. */
    @Test
    void aReadThatGoesOnAfterAShortReplyDoesNotKeepThatMeanwhile() throws Exception {
        final byte[] content = new byte[4096];
        new Random(9).nextBytes(content);
        model.put("file", S_IFREG | 0644, content);
        final AtomicInteger held = new AtomicInteger();
        final List<ByteBuffer> replies = new ArrayList<>();
        final int all = 120;
        final Channel channel = new AnsweringChannel((tag, request) -> {
            final boolean isFirst = request instanceof Tread && held.get() < all;
            if (!isFirst) {
                return model.answer(tag, request);
            }
            replies.add(AnsweringChannel.bytes(tag, new Rread(ByteBuffer.wrap(content, 0, 100))));
            return held.incrementAndGet() < all ? List.of() : replies;
        });
        open(channel, 8192);
        final long handle = openFile();

        final List<BackgroundCall<byte[]>> readers = new ArrayList<>();
        for (int i = 0; i < all; i++) {
            readers.add(BackgroundCall.start("reader " + i, () -> read(handle, 0, content.length)));
        }

        for (final BackgroundCall<byte[]> reader : readers) {
            assertThat(reader.result()).isEqualTo(content);
        }
        share.release(handle);
    }

    private void open(final Channel channel, final int msize) throws IOException {
        share = Share.open(
                Session.connect(channel, SessionOptions.defaults(0).withMsize(msize)),
                new ShareOptions(CacheMode.NONE, OptionalInt.empty(), OptionalInt.empty()));
    }

    private long openFile() throws IOException {
        return share.open(share.lookup(ROOT, NAME).node(), OpenFlags.RDONLY, NO_KERNEL);
    }

    private byte[] read(final long handle, final long offset, final int count) throws IOException {
        try (ReadResult result = share.read(handle, offset, count)) {
            final byte[] bytes = new byte[result.data().remaining()];
            result.data().get(bytes);
            return bytes;
        }
    }

    private static boolean waits(final Thread thread) {
        final Thread.State state = thread.getState();
        return state != Thread.State.NEW && state != Thread.State.RUNNABLE;
    }

    private static void awaitOpen(final CountDownLatch latch) {
        try {
            latch.await();
        } catch (final InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static long directMemory() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }
}
