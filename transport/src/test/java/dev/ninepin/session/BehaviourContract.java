package dev.ninepin.session;

import static dev.ninepin.p9.AttrMask.BASIC;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Tflush;
import dev.ninepin.p9.Tread;
import dev.ninepin.p9.Tversion;
import dev.ninepin.session.exchange.Batch;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.ReadReply;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.exchange.SessionEndedException;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.Leftovers;
import dev.ninepin.testing.SessionFixture;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Tests of a session with a real server: many concurrent callers, interrupts, the death of the server, and closing. */
public abstract class BehaviourContract extends SessionFixture {
    private static final int CALLERS = 200;
    private static final int BLOCK = 4096;

    @Test
    void everyCallerGetsItsOwnAnswerHoweverManyThereAre() throws Exception {
        // More callers than tags, so that some wait for a tag.
        writeBlocks(CALLERS);
        final int fid = open(connect(options()));
        final List<BackgroundCall<Integer>> callers = new ArrayList<>();
        for (int caller = 0; caller < CALLERS; caller++) {
            final int block = caller;
            callers.add(BackgroundCall.start("caller " + caller, () -> readBlock(fid, block, 30)));
        }

        for (final BackgroundCall<Integer> caller : callers) {
            assertThat(caller.result()).isEqualTo(30);
            caller.close();
        }
        assertIdle();
    }

    @Test
    void aCallerMaySendMoreThanThereAreTagsBeforeItAsksForAnAnswer() throws Exception {
        writeBlocks(1);
        connect(options());
        final List<Call<Rgetattr>> calls = new ArrayList<>();
        try (Batch batch = session.batch()) {
            for (int i = 0; i < 1000; i++) {
                calls.add(session.getattr(rootFid(), BASIC));
            }
        }

        for (final Call<Rgetattr> call : calls) {
            assertThat(call.await().qid().isDirectory()).isTrue();
        }
        assertIdle();
    }

    @Test
    void aBatchTellsTheServerOnce() throws Exception {
        connect(options());
        final int root = rootFid();
        final int before = channel.flushes();
        final List<Call<Rgetattr>> calls = new ArrayList<>();

        try (Batch batch = session.batch()) {
            for (int i = 0; i < 50; i++) {
                calls.add(session.getattr(root, BASIC));
            }
            assertThat(channel.flushes()).isEqualTo(before);
        }

        assertThat(channel.flushes()).isEqualTo(before + 1);
        for (final Call<Rgetattr> call : calls) {
            call.await();
        }
    }

    @Test
    void repliesThatAreHeldKeepTheirTags() throws Exception {
        writeBlocks(2);
        final int fid = open(connect(options()));
        assertIdle();

        final ReadReply reply = session.read(fid, 0, BLOCK).await();

        assertThat(session.status().tagsUsed()).isEqualTo(1);
        await().untilAsserted(
                        () -> assertThat(session.status().requestsInFlight()).isZero());
        assertThat(session.status().tagsUsed()).isEqualTo(1);
        reply.close();
        reply.close();
        assertIdle();
    }

    @Test
    void anInterruptedCallerGetsTheAnswerOrEintrAndKeepsItsFlag() throws Exception {
        writeBlocks(1);
        final int fid = open(connect(options()));
        for (int i = 0; i < 200; i++) {
            Thread.currentThread().interrupt();
            try (ReadReply reply = session.read(fid, 0, BLOCK).await()) {
                assertThat(reply.data().remaining()).isEqualTo(BLOCK);
            } catch (final InterruptedIOException e) {
                assertThat(e).hasMessageContaining("Tread");
            }
            assertThat(Thread.interrupted()).isTrue();
        }

        assertThat(channel.sent(Tflush.class)).isPositive().isLessThanOrEqualTo(200);
        assertIdle();
    }

    @Test
    void interruptsOfManyCallersBreakNothing() throws Exception {
        writeBlocks(CALLERS);
        final int fid = open(connect(options()));
        final AtomicBoolean over = new AtomicBoolean();
        final List<BackgroundCall<Integer>> callers = new ArrayList<>();
        for (int caller = 0; caller < 40; caller++) {
            final int block = caller;
            callers.add(BackgroundCall.start("caller " + caller, () -> readUntil(over, fid, block)));
        }

        final Random random = new Random(4);
        for (int i = 0; i < 3000; i++) {
            callers.get(random.nextInt(callers.size())).interrupt();
            Thread.onSpinWait();
        }
        over.set(true);

        for (final BackgroundCall<Integer> caller : callers) {
            assertThat(caller.result()).isNotNegative();
            caller.close();
        }
        assertIdle();
        assertThat(session.getattr(rootFid(), BASIC).await()).isNotNull();
    }

    @Test
    void everyWaiterLearnsAtOnceThatTheServerWasKilled() throws Exception {
        writeBlocks(CALLERS);
        final int fid = open(connect(options()));
        final AtomicBoolean over = new AtomicBoolean();
        final List<BackgroundCall<Integer>> callers = new ArrayList<>();
        for (int caller = 0; caller < 100; caller++) {
            final int block = caller;
            callers.add(BackgroundCall.start("caller " + caller, () -> readUntil(over, fid, block)));
        }
        await().until(() -> channel.sent(Tread.class) > 1000);

        final long killed = System.nanoTime();
        server.kill();

        for (final BackgroundCall<Integer> caller : callers) {
            assertThat(caller.failure()).isInstanceOf(SessionEndedException.class);
            caller.close();
        }
        assertThat((System.nanoTime() - killed) / 1_000_000).as("milliseconds").isLessThan(5000);
        assertThat(session.status().connected()).isFalse();
        assertThatThrownBy(() -> session.getattr(rootFid(), BASIC).await())
                .isInstanceOf(SessionEndedException.class)
                .hasMessageContaining("has ended");
        assertThat(session.status().tagsUsed()).isZero();
    }

    @Test
    void theServerSettlesOnAnMsizeThatBothTake() throws Exception {
        connect(options().withMsize(8192));

        assertThat(session.msize()).isEqualTo(8192);
        assertThat(session.maxIo()).isEqualTo(8192 - 24);
    }

    @Test
    void whatIsRefusedIsARemoteExceptionWithItsErrno() throws Exception {
        connect(options());

        assertThatThrownBy(() -> session.readlink(rootFid()).await())
                .isInstanceOfSatisfying(
                        RemoteException.class, e -> assertThat(e.errno()).isPositive())
                .hasMessageContaining("Treadlink");
        assertThat(session.status().messages()).anySatisfy(stats -> {
            assertThat(stats.name()).isEqualTo("Treadlink");
            assertThat(stats.errors()).isEqualTo(1);
        });
    }

    @Test
    void closingTellsTheServerAndLeavesNothing() throws Exception {
        connectAndUse();
        final Leftovers before = Leftovers.now();

        connectAndUse();

        before.awaitNothingNew();
        assertThat(channel.sent(Tversion.class)).isEqualTo(2);
        assertThat(channel.fidsAtLastVersion()).isEmpty();
        assertThat(session.status().tagsUsed()).isZero();
        assertThat(session.status().connected()).isFalse();
        session.close();
    }

    @Test
    void anInterruptedThreadClosesAsCleanly() throws Exception {
        connect(options());
        Thread.currentThread().interrupt();

        session.close();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(channel.sent(Tversion.class)).isEqualTo(2);
        assertThat(channel.fidsAtLastVersion()).isEmpty();
    }

    @Test
    void closingEndsTheCallsInFlight() throws Exception {
        writeBlocks(CALLERS);
        final int fid = open(connect(options()));
        final AtomicBoolean over = new AtomicBoolean();
        final List<BackgroundCall<Integer>> callers = new ArrayList<>();
        for (int caller = 0; caller < 50; caller++) {
            final int block = caller;
            callers.add(BackgroundCall.start("caller " + caller, () -> readUntil(over, fid, block)));
        }
        await().until(() -> channel.sent(Tread.class) > 200);

        session.close();

        for (final BackgroundCall<Integer> caller : callers) {
            // The server may have processed the end of the session first, and answer that the fid does not exist.
            assertThat(caller.failure()).isInstanceOfAny(SessionEndedException.class, RemoteException.class);
            caller.close();
        }
    }

    private void connectAndUse() throws IOException {
        connect(options());
        assertThat(session.getattr(rootFid(), BASIC).await()).isNotNull();
        session.close();
    }

    private void assertIdle() {
        await().untilAsserted(() -> assertThat(session.status().tagsUsed()).isZero());
        assertThat(session.status().requestsInFlight()).isZero();
        assertThat(session.status().strayReplies()).isZero();
    }

    private int readUntil(final AtomicBoolean over, final int fid, final int block) throws IOException {
        int interrupted = 0;
        while (!over.get()) {
            try {
                readBlock(fid, block, 1);
            } catch (final InterruptedIOException e) {
                interrupted++;
            }
            // As the FUSE loop does after it has answered a request.
            Thread.interrupted();
        }
        return interrupted;
    }

    private int readBlock(final int fid, final int block, final int times) throws IOException {
        for (int i = 0; i < times; i++) {
            try (ReadReply reply =
                    session.read(fid, (long) block * BLOCK, BLOCK).await()) {
                assertThat(reply.data()).isEqualTo(ByteBuffer.wrap(bytes(block)));
            }
        }
        return times;
    }

    private int open(final Session with) throws IOException {
        final int fid = with.fids().take();
        with.walk(rootFid(), fid, List.of(name("blocks"))).await();
        with.lopen(fid, OpenFlags.RDONLY).await();
        return fid;
    }

    private int rootFid() throws IOException {
        try (FidTable.Lease root = session.fids().lease(session.fids().root())) {
            return root.fid();
        }
    }

    private void writeBlocks(final int count) throws IOException {
        final ByteBuffer all = ByteBuffer.allocate(count * BLOCK);
        for (int i = 0; i < count; i++) {
            all.put(bytes(i));
        }
        Files.write(export.resolve("blocks"), all.array());
    }

    private static byte[] bytes(final int block) {
        final byte[] bytes = new byte[BLOCK];
        Arrays.fill(bytes, (byte) (block + 1));
        return bytes;
    }
}
