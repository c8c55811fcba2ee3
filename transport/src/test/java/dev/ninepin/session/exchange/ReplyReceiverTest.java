package dev.ninepin.session.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelClosedException;
import dev.ninepin.channel.ChannelInfo;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.Message;
import dev.ninepin.p9.Rclunk;
import dev.ninepin.p9.Rmessage;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.BackgroundCall;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests of the threads that wait for replies and receive them. */
@Timeout(60)
class ReplyReceiverTest {
    private static final int TAGS = 16;
    private static final int NO_CALL = TAGS + 1;
    private static final long FOR_LONG = TimeUnit.HOURS.toNanos(1);
    private static final int THREADS = 8;
    private static final int ROUNDS = 2000;

    private final Stub channel = new Stub();
    private @Nullable Exchange started;

    /** A channel whose replies come from the test. */
    private static final class Stub implements Channel {
        private static final Received END = new Received(NO_CALL, ByteBuffer.allocate(0), () -> {});

        private final BlockingQueue<Received> replies = new LinkedBlockingQueue<>();
        private final CountDownLatch closed = new CountDownLatch(1);

        /** Released when {@link #close} may return. */
        private volatile CountDownLatch mayClose = new CountDownLatch(0);

        /** What a thread does that waits for a reply and receives one, if replies to no call come without end; or null. */
        private volatile @Nullable Runnable flood;

        private volatile boolean hasTimedReceive = true;
        private volatile boolean answersAtOnce;
        private volatile boolean breaks;
        private volatile boolean deniesReplyReader;

        void reply(final int tag, final Message message) {
            reply(tag, AnsweringChannel.bytes(tag, message));
        }

        void reply(final int tag, final ByteBuffer bytes) {
            replies.add(new Received(tag, bytes, () -> {}));
        }

        @Override
        public ChannelInfo info() {
            return new ChannelInfo("stub", "of a test", Map.of());
        }

        @Override
        public int maxMessageSize() {
            return 8192;
        }

        @Override
        public int maxRequests() {
            return TAGS;
        }

        @Override
        public boolean takesFlush() {
            return false;
        }

        @Override
        public void send(final int tag, final Tmessage request) {
            if (answersAtOnce) {
                reply(tag, new Rclunk());
            }
        }

        @Override
        public void flush() throws IOException {
            if (breaks) {
                throw new IOException("broken");
            }
        }

        @Override
        public Received receive() throws IOException {
            final Received reply = deniesReplyReader ? null : next(System.nanoTime() + FOR_LONG);
            if (reply != null) {
                return reply;
            }
            awaitClose();
            throw new ChannelClosedException();
        }

        private void awaitClose() {
            try {
                closed.await();
            } catch (final InterruptedException e) {
                throw new AssertionError("nobody interrupts the reply reader", e);
            }
        }

        @Override
        public boolean hasTimedReceive() {
            return hasTimedReceive;
        }

        @Override
        public @Nullable Received receiveUntil(final long deadline) throws IOException {
            final Received reply = next(deadline);
            final Runnable action = flood;
            if (reply != null && action != null) {
                action.run();
            }
            return reply;
        }

        /** Returns a reply that is there even after the deadline or an interrupt, as a stream does that has read ahead. */
        private @Nullable Received next(final long deadline) throws ChannelClosedException {
            Received reply = replies.poll();
            try {
                if (reply == null) {
                    reply = replies.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                }
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            if (reply == END) {
                replies.add(END);
                throw new ChannelClosedException();
            } else if (reply != null && flood != null) {
                reply(NO_CALL, new Rclunk());
            }
            return reply;
        }

        @Override
        public void close() {
            closed.countDown();
            replies.add(END);
            try {
                mayClose.await();
            } catch (final InterruptedException e) {
                throw new AssertionError("nobody interrupts the close", e);
            }
        }
    }

    @AfterEach
    void close() throws InterruptedException {
        channel.mayClose.countDown();
        if (started != null) {
            started.close();
        }
    }

    @Test
    void anInterruptEndsTheWaitOfAReceiverAlthoughRepliesKeepComing() throws Exception {
        flood(() -> Thread.currentThread().interrupt());
        try (BackgroundCall<Rmessage> call = BackgroundCall.start("call", () -> call().await())) {
            assertThat(call.failure()).isInstanceOf(InterruptedIOException.class);
            channel.flood = null;
        }
    }

    @Test
    void aDeadlineEndsTheWaitOfAReceiverAlthoughRepliesKeepComing() throws Exception {
        flood(() -> {});
        try (BackgroundCall<Rmessage> call =
                BackgroundCall.start("call", () -> call().await(TimeUnit.MILLISECONDS.toNanos(200)))) {
            assertThat(call.failure()).isInstanceOf(RequestTimeoutException.class);
            channel.flood = null;
        }
    }

    @Test
    void aThreadThatAwaitsTheEndOfACallReceives() throws Exception {
        final Call<?> first = call();
        final Call<?> second = call();
        try (BackgroundCall<Object> receiver = BackgroundCall.start("receiver", first::await)) {
            // The reply reader gives way to a thread that waits.
            receiver.awaitInside("await");
            channel.reply(NO_CALL, new Rclunk());
            receiver.awaitInside("receiveUntil");
            channel.deniesReplyReader = true;
            try (BackgroundCall<Boolean> other = BackgroundCall.start("other", () -> second.awaitEnd(FOR_LONG))) {
                other.awaitInside("awaitEnd");
                channel.reply(first.tag(), new Rclunk());
                assertThat(receiver.result()).isEqualTo(new Rclunk());
                channel.reply(second.tag(), new Rclunk());
                assertThat(other.result()).isTrue();
            }
        }
    }

    @Test
    void aMalformedReplyFailsTheCallBeforeTheChannelIsClosed() throws Exception {
        channel.hasTimedReceive = false;
        channel.mayClose = new CountDownLatch(1);
        final Call<?> call = call();
        try (BackgroundCall<Object> waiting = BackgroundCall.start("waiting", call::await)) {
            waiting.awaitInside("await");
            final ByteBuffer bytes = AnsweringChannel.bytes(call.tag(), new Rclunk());
            // The size field says one byte more than there is.
            channel.reply(call.tag(), bytes.putInt(0, bytes.remaining() + 1));
            assertThat(waiting.failure()).isInstanceOf(SessionEndedException.class);
        }
    }

    @Test
    void aChannelThatBreaksDuringTheWaitForATagEndsTheExchange() {
        for (int i = 0; i < TAGS; i++) {
            call();
        }
        channel.breaks = true;
        assertThatThrownBy(() -> call().await()).isInstanceOf(SessionEndedException.class);
        assertThat(exchange().hasEnded()).isTrue();
    }

    /** A stream delivers what the server sent before it died, although a sender has noticed its death. */
    @Test
    void aReplyThatIsReceivedAfterTheEndIsNoStray() throws Exception {
        final Call<?> call = call();
        channel.breaks = true;
        assertThatThrownBy(() -> call().await()).isInstanceOf(SessionEndedException.class);

        exchange().dispatch(new Received(call.tag(), AnsweringChannel.bytes(call.tag(), new Rclunk()), () -> {}));

        assertThat(exchange().strays()).isZero();
    }

    @Test
    void noThreadIsLeftWithoutItsReply() throws Exception {
        channel.answersAtOnce = true;
        BackgroundCall.inThreads(THREADS, thread -> {
            for (int round = 0; round < ROUNDS; round++) {
                waitSomehow(ThreadLocalRandom.current().nextInt(8));
            }
        });
        await().until(() -> exchange().tagsUsed() == 0);
    }

    private void waitSomehow(final int way) throws IOException {
        final Call<?> call = call();
        switch (way) {
            case 0 -> {
                Thread.currentThread().interrupt();
                end(call);
                assertThat(Thread.interrupted()).isTrue();
            }
            case 1 -> assertThat(call.awaitEnd(FOR_LONG)).isTrue();
            case 2 -> call.awaitEnd(1000);
            case 3 -> {
                // Nobody waits for the reply.
            }
            default -> call.await();
        }
    }

    private static void end(final Call<?> call) throws IOException {
        try {
            call.await();
        } catch (final InterruptedIOException e) {
            assertThat(e).hasMessageContaining("interrupted");
        }
    }

    /** Makes replies to no call come without end. A thread that receives one while it waits runs {@code action}. */
    private void flood(final Runnable action) {
        channel.flood = action;
        channel.reply(NO_CALL, new Rclunk());
    }

    private Call<Rmessage> call() {
        return exchange().call(new Tclunk(1), (reply, memory) -> reply);
    }

    private synchronized Exchange exchange() {
        if (started == null) {
            started = new Exchange(
                    channel,
                    0,
                    Duration.ofNanos(FOR_LONG),
                    Duration.ofNanos(FOR_LONG),
                    new OperationRecorder(),
                    end -> {});
        }
        return started;
    }
}
