package dev.ninepin.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.Rmessage;
import dev.ninepin.p9.Rread;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Tread;
import dev.ninepin.p9.Twrite;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.Leftovers;
import dev.ninepin.testing.RawClient;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The contract of {@link Channel}, tested for every channel with a real server. A subclass opens channels of one kind
 * to a server that exports {@link #export}. It starts the server {@code @BeforeEach} test or in {@link #open}, and ends
 * it {@code @AfterEach}.
 */
@Timeout(60)
public abstract class ChannelContract {
    private static final int FILE = 1;
    private static final int BLOCK = 4096;
    private static final String NAME = "blocks";

    /** The exported directory; empty before each test. */
    @TempDir
    protected Path export;

    /** Opens a new channel on which nothing was sent yet. At most one is open at a time. */
    protected abstract Channel open() throws Exception;

    /** Returns the aname of {@link #export}. */
    protected abstract ByteString aname();

    /** Kills the server of {@code channel}, as {@code kill -9} does. */
    protected abstract void killServer(Channel channel) throws Exception;

    @Test
    void carriesRequestsAndTheirReplies() throws Exception {
        Files.write(export.resolve(NAME), new byte[12345]);
        try (Channel channel = open()) {
            final RawClient client = RawClient.attach(channel, aname());
            client.open(FILE, NAME);

            final Rgetattr attributes = client.call(42, new Tgetattr(FILE, AttrMask.BASIC), Rgetattr.class);

            assertThat(attributes.size()).isEqualTo(12345);
        }
    }

    @Test
    void aReplyIsOneLittleEndianMessageInDirectMemory() throws Exception {
        try (Channel channel = open()) {
            RawClient.attach(channel, aname());
            channel.send(7, new Tgetattr(RawClient.ROOT, AttrMask.BASIC));
            channel.flush();
            try (Received received = channel.receive()) {
                final ByteBuffer message = received.message();

                assertThat(message.isDirect()).isTrue();
                assertThat(message.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
                assertThat(message.remaining()).isEqualTo(160);
                assertThat(Frame.peekSize(message)).isEqualTo(160);
                assertThat(Frame.peekTag(message)).isEqualTo(received.tag()).isEqualTo(7);
            }
        }
    }

    @Test
    void saysWhatItIs() throws Exception {
        try (Channel channel = open()) {
            assertThat(channel.info().kind()).isNotBlank();
            assertThat(channel.info().device()).isNotBlank();
            assertThat(channel.maxMessageSize()).isGreaterThanOrEqualTo(8192);
            assertThat(channel.maxRequests()).isPositive();
        }
    }

    @Test
    void asManyRequestsAsItTakesAreInFlightAndEachReplyFindsItsTag() throws Exception {
        try (Channel channel = open()) {
            final int requests = channel.maxRequests();
            writeBlocks(requests);
            final RawClient client = RawClient.attach(channel, aname());
            client.open(FILE, NAME);

            for (int round = 0; round < 3; round++) {
                for (int tag = 0; tag < requests; tag++) {
                    // A small request between the large ones, so that a server has a reason to reorder the replies.
                    channel.send(tag, tag % 4 == 0 ? getattr() : new Tread(FILE, (long) tag * BLOCK, BLOCK));
                }
                channel.flush();

                final Map<Integer, Rmessage> replies = receive(channel, requests);
                assertThat(replies).hasSize(requests);
                replies.forEach((tag, reply) -> {
                    if (tag % 4 == 0) {
                        assertThat(reply).isInstanceOf(Rgetattr.class);
                    } else {
                        assertThat(((Rread) reply).data()).isEqualTo(block(tag));
                    }
                });
            }
        }
    }

    @Test
    void repliesStayIntactUntilTheyAreClosed() throws Exception {
        try (Channel channel = open()) {
            final int requests = channel.maxRequests();
            writeBlocks(requests);
            final RawClient client = RawClient.attach(channel, aname());
            client.open(FILE, NAME);
            final List<Received> held = new ArrayList<>();

            for (int tag = 0; tag < requests; tag++) {
                channel.send(tag, new Tread(FILE, (long) tag * BLOCK, BLOCK));
                channel.flush();
                held.add(channel.receive());
            }

            for (final Received received : held) {
                assertThat(((Rread) RawClient.decode(received)).data()).isEqualTo(block(received.tag()));
            }
            held.forEach(Received::close);
            assertThat(client.call(1, getattr(), Rgetattr.class)).isNotNull();
        }
    }

    @Test
    void replyMemoryIsUsedAgain() throws Exception {
        writeBlocks(1);
        try (Channel channel = open()) {
            final RawClient client = RawClient.attach(channel, aname());
            client.open(FILE, NAME);
            roundTrips(client, 100);
            final long before = directMemory();

            roundTrips(client, 1000);

            assertThat(directMemory() - before).isLessThanOrEqualTo(channel.maxMessageSize());
        }
    }

    @Test
    void aReplyClosedTwiceIsGivenBackOnce() throws Exception {
        writeBlocks(2);
        try (Channel channel = open()) {
            final RawClient client = RawClient.attach(channel, aname());
            client.open(FILE, NAME);
            channel.send(0, new Tread(FILE, 0, BLOCK));
            channel.flush();
            final Received twice = channel.receive();
            twice.close();
            twice.close();

            // If the memory had been returned twice, both of these replies would get it.
            channel.send(0, new Tread(FILE, 0, BLOCK));
            channel.send(1, new Tread(FILE, BLOCK, BLOCK));
            channel.flush();
            try (Received one = channel.receive();
                    Received other = channel.receive()) {
                twice.close();
                assertThat(((Rread) RawClient.decode(one)).data()).isEqualTo(block(one.tag()));
                assertThat(((Rread) RawClient.decode(other)).data()).isEqualTo(block(other.tag()));
            }
        }
    }

    @Test
    void theDataOfARequestMayBeReusedOnceItIsSent() throws Exception {
        try (Channel channel = open()) {
            final RawClient client = RawClient.attach(channel, aname());
            client.create(FILE, NAME);
            final ByteBuffer data = ByteBuffer.allocateDirect(BLOCK);
            for (int tag = 0; tag < 8; tag++) {
                data.clear().put(block(tag)).flip();
                channel.send(tag, new Twrite(FILE, (long) tag * BLOCK, data));
            }
            data.clear().put(new byte[BLOCK]);
            channel.flush();

            assertThat(receive(channel, 8).values()).containsOnly(new Rwrite(BLOCK));
            final byte[] written = Files.readAllBytes(export.resolve(NAME));
            for (int i = 0; i < 8; i++) {
                assertThat(ByteBuffer.wrap(written, i * BLOCK, BLOCK)).isEqualTo(block(i));
            }
        }
    }

    @Test
    void aMessageOfTheFullMsizePasses() throws Exception {
        try (Channel channel = open()) {
            final RawClient client = RawClient.attach(channel, aname());
            client.create(FILE, NAME);
            final int msize = client.msize();
            // A server only guarantees to carry 24 bytes (IOHDRSZ) less than msize. It may refuse more.
            final byte[] safe = randomBytes(msize - 24);
            final byte[] full = randomBytes(msize - Twrite.HEADER_SIZE);

            assertThat(client.call(1, new Twrite(FILE, 0, ByteBuffer.wrap(safe)), Rwrite.class))
                    .isEqualTo(new Rwrite(safe.length));
            assertThat(client.call(2, new Tread(FILE, 0, safe.length), Rread.class)
                            .data())
                    .isEqualTo(ByteBuffer.wrap(safe));
            assertThat(client.call(3, new Twrite(FILE, 0, ByteBuffer.wrap(full)), Rmessage.class))
                    .isInstanceOfAny(Rwrite.class, Rlerror.class);
            assertThat(client.call(4, new Tread(FILE, 0, msize - Rread.HEADER_SIZE), Rmessage.class))
                    .isInstanceOfAny(Rread.class, Rlerror.class);
            assertThat(client.call(5, getattr(), Rgetattr.class)).isNotNull();
        }
    }

    @Test
    void aRequestTooLargeIsRefusedAndHarmsNothing() throws Exception {
        try (Channel channel = open()) {
            final RawClient client = RawClient.attach(channel, aname());
            final ByteBuffer tooMuch = ByteBuffer.allocate(channel.maxMessageSize() - Twrite.HEADER_SIZE + 1);

            assertThatThrownBy(() -> channel.send(1, new Twrite(FILE, 0, tooMuch)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(Integer.toString(channel.maxMessageSize()));

            assertThat(client.call(1, getattr(), Rgetattr.class)).isNotNull();
        }
    }

    @Test
    void aRequestWhoseReplyMayBeTooLargeIsRefusedAndHarmsNothing() throws Exception {
        try (Channel channel = open()) {
            final RawClient client = RawClient.attach(channel, aname());
            final int tooMuch = channel.maxMessageSize() - Rread.HEADER_SIZE + 1;

            assertThatThrownBy(() -> channel.send(1, new Tread(FILE, 0, tooMuch)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(Integer.toString(channel.maxMessageSize()));

            assertThat(client.call(1, getattr(), Rgetattr.class)).isNotNull();
        }
    }

    @Test
    void closeWakesAWaitingReceive() throws Exception {
        final Channel channel = open();
        RawClient.attach(channel, aname());
        try (BackgroundCall<Received> reader = BackgroundCall.start("reader", channel::receive)) {
            reader.awaitInside("receive");

            channel.close();

            assertThat(reader.failure()).isInstanceOf(ChannelClosedException.class);
        }
    }

    @Test
    void aClosedChannelSaysSo() throws Exception {
        final Channel channel = open();
        RawClient.attach(channel, aname());
        channel.close();

        assertThatThrownBy(() -> channel.send(1, getattr())).isInstanceOf(ChannelClosedException.class);
        assertThatThrownBy(channel::flush).isInstanceOf(ChannelClosedException.class);
        assertThatThrownBy(channel::receive).isInstanceOf(ChannelClosedException.class);
        assertThatCode(channel::close).doesNotThrowAnyException();
    }

    @Test
    void aReplyOutlivesItsChannel() throws Exception {
        writeBlocks(1);
        final Channel channel = open();
        RawClient.attach(channel, aname()).open(FILE, NAME);
        channel.send(0, new Tread(FILE, 0, BLOCK));
        channel.flush();
        final Received received = channel.receive();

        channel.close();

        assertThat(((Rread) RawClient.decode(received)).data()).isEqualTo(block(0));
        received.close();
    }

    @Test
    void aSenderThatIsInterruptedSendsAllTheSameAndKeepsItsFlag() throws Exception {
        try (Channel channel = open()) {
            final RawClient client = RawClient.attach(channel, aname());
            Thread.currentThread().interrupt();

            channel.send(1, getattr());
            channel.flush();

            assertThat(Thread.interrupted()).isTrue();
            channel.receive().close();
            assertThat(client.call(2, getattr(), Rgetattr.class)).isNotNull();
        }
    }

    @Test
    void interruptsInTheMiddleOfSendingHarmNothing() throws Exception {
        final int rounds = 500;
        try (Channel channel = open()) {
            final RawClient client = RawClient.attach(channel, aname());
            client.create(FILE, NAME);
            final ByteBuffer data = ByteBuffer.allocateDirect(client.msize() / 2);
            final Semaphore answers = new Semaphore(8);
            try (BackgroundCall<Boolean> sender = BackgroundCall.start("sender", () -> {
                for (int i = 0; i < rounds; i++) {
                    answers.acquireUninterruptibly();
                    channel.send(i, new Twrite(FILE, 0, data.clear()));
                    channel.flush();
                }
                return true;
            })) {
                for (int i = 0; i < rounds; i++) {
                    sender.interrupt();
                    channel.receive().close();
                    answers.release();
                }
                assertThat(sender.result()).isTrue();
            }
            assertThat(client.call(1, getattr(), Rgetattr.class)).isNotNull();
        }
    }

    @Test
    void aServerThatIsKilledIsAnErrorThatNamesIt() throws Exception {
        try (Channel channel = open()) {
            RawClient.attach(channel, aname());
            try (BackgroundCall<Received> reader = BackgroundCall.start("reader", () -> {
                channel.send(1, getattr());
                channel.flush();
                channel.receive().close();
                return channel.receive();
            })) {
                reader.awaitInside("receive");

                killServer(channel);

                // A channel that uses no CPU time while idle may only notice at the next request.
                assertThat(nextFailure(channel, reader))
                        .isInstanceOf(IOException.class)
                        .isNotInstanceOf(ChannelClosedException.class)
                        .hasMessageContaining(channel.info().device());
            }
        }
    }

    @Test
    void nothingIsLeftOnceAChannelIsClosed() throws Exception {
        useAndClose();
        // By now, the JVM has opened the files that it keeps open for its lifetime.
        final Leftovers before = Leftovers.now();

        useAndClose();

        before.awaitNothingNew();
    }

    private void useAndClose() throws Exception {
        try (Channel channel = open()) {
            assertThat(RawClient.attach(channel, aname()).call(1, getattr(), Rgetattr.class))
                    .isNotNull();
        }
    }

    private static Throwable nextFailure(final Channel channel, final BackgroundCall<Received> reader)
            throws Exception {
        try {
            channel.send(2, getattr());
            channel.flush();
        } catch (final IOException e) {
            return e;
        }
        return reader.failure();
    }

    private static Tmessage getattr() {
        return new Tgetattr(RawClient.ROOT, AttrMask.BASIC);
    }

    private static void roundTrips(final RawClient client, final int count) throws IOException {
        for (int i = 0; i < count; i++) {
            assertThat(client.call(i, new Tread(FILE, 0, BLOCK), Rread.class)
                            .data()
                            .remaining())
                    .isEqualTo(BLOCK);
        }
    }

    private static long directMemory() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    private static Map<Integer, Rmessage> receive(final Channel channel, final int count) throws IOException {
        final Map<Integer, Rmessage> replies = new HashMap<>();
        for (int i = 0; i < count; i++) {
            try (Received received = channel.receive()) {
                replies.put(received.tag(), RawClient.decode(received));
            }
        }
        return replies;
    }

    private void writeBlocks(final int count) throws IOException {
        final ByteBuffer all = ByteBuffer.allocate(count * BLOCK);
        IntStream.range(0, count).forEach(i -> all.put(block(i)));
        Files.write(export.resolve(NAME), all.array());
    }

    /** Returns block number {@code i} of the file. Its content differs from that of all other blocks. */
    private static ByteBuffer block(final int i) {
        final byte[] bytes = new byte[BLOCK];
        Arrays.fill(bytes, (byte) (i + 1));
        return ByteBuffer.wrap(bytes);
    }

    private static byte[] randomBytes(final int count) {
        final byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }
}
