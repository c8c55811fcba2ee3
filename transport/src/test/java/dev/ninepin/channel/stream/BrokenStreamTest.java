package dev.ninepin.channel.stream;

import static dev.ninepin.testing.ScriptedServer.awaitEnd;
import static dev.ninepin.testing.ScriptedServer.frame;
import static dev.ninepin.testing.ScriptedServer.receive;
import static dev.ninepin.testing.ScriptedServer.sendAll;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelClosedException;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.Rread;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Twrite;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.RawClient;
import dev.ninepin.testing.ScriptedServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of faults that a server may cause on a byte stream. */
@Timeout(60)
class BrokenStreamTest {
    private static final int MAX = 1 << 20;

    @Test
    void aReplyThatComesByteByByteIsOneReply() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    final ByteBuffer reply = frame(3, new Rwrite(77));
                    while (reply.hasRemaining()) {
                        sendAll(client, reply.slice(reply.position(), 1));
                        reply.get();
                    }
                });
                Channel channel = StreamChannel.unix(server.socket());
                Received received = channel.receive()) {
            assertThat(received.tag()).isEqualTo(3);
            assertThat(RawClient.decode(received)).isEqualTo(new Rwrite(77));
        }
    }

    @Test
    void aTimedReceiveEndsInTheMiddleOfAReplyAndTheNextOneGetsItWhole() throws Exception {
        final CountDownLatch late = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    final ByteBuffer reply = frame(3, new Rread(ByteBuffer.wrap(new byte[5000])));
                    sendAll(client, reply.slice(0, 4500));
                    late.await();
                    sendAll(client, reply.slice(4500, reply.limit() - 4500));
                });
                Channel channel = StreamChannel.unix(server.socket())) {
            assertThat(channel.hasTimedReceive()).isTrue();
            for (int i = 0; i < 3; i++) {
                assertThat(channel.receiveUntil(System.nanoTime() + 1_000_000)).isNull();
            }
            late.countDown();
            try (Received received = channel.receiveUntil(System.nanoTime() + TimeUnit.SECONDS.toNanos(60))) {
                assertThat(RawClient.decode(received)).isEqualTo(new Rread(ByteBuffer.wrap(new byte[5000])));
            }
        }
    }

    @Test
    void anInterruptEndsATimedReceiveAndKeepsTheFlag() throws Exception {
        final CountDownLatch late = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    late.await();
                    sendAll(client, frame(3, new Rwrite(77)));
                });
                Channel channel = StreamChannel.unix(server.socket())) {
            final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            Thread.currentThread().interrupt();
            assertThat(channel.receiveUntil(deadline)).isNull();
            assertThat(Thread.interrupted()).isTrue();
            late.countDown();
            try (Received received = channel.receiveUntil(deadline)) {
                assertThat(received.tag()).isEqualTo(3);
            }
        }
    }

    @Test
    void repliesThatComeTogetherAreTakenApart() throws Exception {
        final int replies = 3000;
        final ByteBuffer all = ByteBuffer.allocate(replies * 200);
        for (int tag = 0; tag < replies; tag++) {
            // Messages of many lengths, so that their boundaries fall at every position of the read-ahead buffer.
            all.put(frame(tag, new Rread(ByteBuffer.wrap(new byte[tag % 180]))));
        }
        try (ScriptedServer server = ScriptedServer.saying(all.flip());
                Channel channel = StreamChannel.unix(server.socket())) {
            for (int tag = 0; tag < replies; tag++) {
                try (Received received = channel.receive()) {
                    assertThat(received.tag()).isEqualTo(tag);
                    assertThat(((Rread) RawClient.decode(received)).data().remaining())
                            .isEqualTo(tag % 180);
                }
            }
        }
    }

    @Test
    void aReplyOfTheLargestSizePasses() throws Exception {
        final byte[] data = new byte[MAX - Rread.HEADER_SIZE];
        data[data.length - 1] = 42;
        try (ScriptedServer server = ScriptedServer.saying(frame(1, new Rread(ByteBuffer.wrap(data))));
                Channel channel = StreamChannel.unix(server.socket());
                Received received = channel.receive()) {
            assertThat(((Rread) RawClient.decode(received)).data()).isEqualTo(ByteBuffer.wrap(data));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 6, MAX + 1, 0x7fffffffL, 0x80000000L, 0xffffffffL})
    void aSizeThatNoMessageHasEndsTheChannel(final long size) throws Exception {
        final ByteBuffer lie = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
        lie.putInt(0, (int) size);
        try (ScriptedServer server = ScriptedServer.saying(lie);
                Channel channel = StreamChannel.unix(server.socket())) {
            assertThatThrownBy(channel::receive)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(server.socket().toString())
                    .hasMessageContaining(size + " bytes");

            // The channel stays broken, for the sender too.
            assertThatThrownBy(channel::receive).isInstanceOf(IOException.class).hasMessageContaining(size + " bytes");
            assertThatThrownBy(() -> channel.send(1, new Tclunk(1)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(size + " bytes");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 5, 7, 10})
    void aConnectionThatEndsInAMessageSaysSo(final int cutAt) throws Exception {
        try (ScriptedServer server =
                        ScriptedServer.saying(frame(1, new Rlerror(5)).limit(cutAt));
                Channel channel = StreamChannel.unix(server.socket())) {
            assertThatThrownBy(channel::receive)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(server.socket().toString())
                    .hasMessageContaining("closed the connection in the middle of a message");
        }
    }

    @Test
    void aConnectionThatEndsBetweenMessagesSaysSo() throws Exception {
        try (ScriptedServer server = ScriptedServer.saying(frame(1, new Rlerror(5)));
                Channel channel = StreamChannel.unix(server.socket())) {
            channel.receive().close();

            assertThatThrownBy(channel::receive)
                    .isInstanceOf(IOException.class)
                    .hasMessage("unix:" + server.socket() + ": the server closed the connection");
        }
    }

    @Test
    void requestsGoOutOnlyAtTheFlush() throws Exception {
        final CountDownLatch flushed = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    client.configureBlocking(false);
                    final boolean early = client.read(ByteBuffer.allocate(1)) > 0;
                    client.configureBlocking(true);
                    flushed.countDown();
                    receive(client, 2 * Frame.sizeOf(new Tclunk(1)));
                    sendAll(client, frame(early ? 1 : 0, new Rwrite(0)));
                });
                Channel channel = StreamChannel.unix(server.socket())) {
            channel.send(1, new Tclunk(1));
            channel.send(2, new Tclunk(2));
            flushed.await();
            channel.flush();
            try (Received received = channel.receive()) {
                assertThat(received.tag()).as("0: nothing came early").isZero();
            }
        }
    }

    @Test
    void repliesComeInWhileTheServerTakesNoRequests() throws Exception {
        final CountDownLatch blocked = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.start(client -> {
            blocked.await();
            sendAll(client, frame(9, new Rwrite(1)));
            awaitEnd(client);
        })) {
            final Channel channel = StreamChannel.unix(server.socket());
            final BackgroundCall<Void> sender = BackgroundCall.start("sender", () -> sendForEver(channel));
            sender.awaitBlockedIn("send");
            blocked.countDown();

            try (Received received = channel.receive()) {
                assertThat(received.tag()).isEqualTo(9);
            }
            channel.close();
            assertThat(sender.failure()).isInstanceOf(ChannelClosedException.class);
        }
    }

    @Test
    void anInterruptDoesNotEndASendersWait() throws Exception {
        final CountDownLatch drain = new CountDownLatch(1);
        final int messages = 400;
        final Twrite request = new Twrite(1, 0, ByteBuffer.allocate(1 << 16));
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    drain.await();
                    receive(client, messages * Frame.sizeOf(request));
                    sendAll(client, frame(9, new Rwrite(1)));
                    awaitEnd(client);
                });
                Channel channel = StreamChannel.unix(server.socket())) {
            final BackgroundCall<Boolean> sender = BackgroundCall.start("sender", () -> {
                for (int i = 0; i < messages; i++) {
                    channel.send(1, new Twrite(1, 0, ByteBuffer.allocate(1 << 16)));
                }
                channel.flush();
                return Thread.interrupted();
            });
            sender.awaitBlockedIn("send");
            sender.interrupt();
            sender.awaitBlockedIn("send");
            drain.countDown();

            assertThat(sender.result()).as("the flag is still set").isTrue();
            try (Received received = channel.receive()) {
                assertThat(received.tag()).isEqualTo(9);
            }
        }
    }

    @Test
    void closeWakesASenderThatWaits() throws Exception {
        final CountDownLatch over = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.start(client -> over.await())) {
            final Channel channel = StreamChannel.unix(server.socket());
            final BackgroundCall<Void> sender = BackgroundCall.start("sender", () -> sendForEver(channel));
            sender.awaitBlockedIn("send");

            channel.close();

            assertThat(sender.failure()).isInstanceOf(ChannelClosedException.class);
            over.countDown();
        }
    }

    @Test
    void aRequestThatCannotBeWrittenLeavesNothingBehind() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(client -> {
                    final ByteBuffer request = receive(client, Frame.sizeOf(new Tclunk(1)));
                    sendAll(client, frame(Frame.peekTag(request), new Rwrite(0)));
                });
                Channel channel = StreamChannel.unix(server.socket())) {
            assertThatThrownBy(() -> channel.send(0x10000, new Tclunk(1))).isInstanceOf(IllegalArgumentException.class);

            channel.send(5, new Tclunk(1));
            channel.flush();
            try (Received received = channel.receive()) {
                assertThat(received.tag()).isEqualTo(5);
            }
        }
    }

    static Void sendForEver(final Channel channel) throws IOException {
        final ByteBuffer data = ByteBuffer.allocate(1 << 16);
        while (true) {
            channel.send(1, new Twrite(1, 0, data));
        }
    }
}
