package dev.ninepin.virtio.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.channel.ChannelClosedException;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Rclunk;
import dev.ninepin.p9.Rmessage;
import dev.ninepin.p9.Rread;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Tread;
import dev.ninepin.testing.BackgroundCall;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests of the channel over a simulated device, which misbehaves on demand as real devices do not. */
@Timeout(30)
class VirtioChannelTest {
    private static final int MSIZE = 65536;
    private static final Tmessage CLUNK = new Tclunk(1);

    private final MockDevice device = new MockDevice();
    private final List<MockRequest> requests = new CopyOnWriteArrayList<>();
    private VirtioChannel channel;

    @BeforeEach
    void open() throws IOException {
        device.onRequest(requests::add);
        channel = VirtioChannel.open(device, "virtio", "mock", MSIZE);
    }

    @AfterEach
    void close() {
        channel.close();
    }

    @Test
    void saysWhatTheDeviceIs() {
        assertThat(channel.info().kind()).isEqualTo("virtio");
        assertThat(channel.info().device()).isEqualTo("mock");
        assertThat(channel.info().details())
                .containsEntry("pci_address", "0000:00:1f.7")
                .containsEntry("mount_tag", "share")
                .containsEntry("queue_size", "128")
                .containsEntry("features", "mount_tag indirect_desc event_idx version_1");
    }

    @Test
    void repliesOutOfOrderCarryTheTagsOfTheirRequests() throws Exception {
        send(10, 11, 12);
        answer(2, 12, new Rclunk());
        answer(0, 10, new Rclunk());
        answer(1, 11, new Rclunk());

        assertThat(receiveTags(3)).containsExactly(12, 10, 11);
    }

    @Test
    void theTagIsThatOfTheRequestWhateverTheReplySays() throws Exception {
        send(10);
        answer(0, 999, new Rclunk());

        try (Received received = channel.receive()) {
            assertThat(received.tag()).isEqualTo(10);
            assertThat(Frame.peekTag(received.message())).isEqualTo(999);
        }
    }

    @Test
    void aRequestThatEndedWithoutAReplyHasAnEmptyMessage() throws Exception {
        send(7);
        device.queue().answer(requests.get(0));

        try (Received received = channel.receive()) {
            assertThat(received.tag()).isEqualTo(7);
            assertThat(received.message().hasRemaining()).isFalse();
        }
    }

    @Test
    void theRoomForTheReplyIsWhatTheRequestSaysItNeeds() throws Exception {
        final Tread large = new Tread(1, 0, 50_000);
        channel.send(1, CLUNK);
        channel.send(2, large);
        channel.flush();

        assertThat(requests.get(0).room()).isEqualTo(CLUNK.replySize());
        assertThat(requests.get(1).room()).isEqualTo(large.replySize());
        assertThat(requests.get(1).descriptors()).isEqualTo(2);
    }

    @Test
    void aBatchTakesOneDoorbell() throws Exception {
        for (int tag = 0; tag < 100; tag++) {
            channel.send(tag, CLUNK);
        }
        assertThat(device.doorbells()).isZero();
        channel.flush();
        channel.flush();

        assertThat(device.doorbells()).isEqualTo(1);
        assertThat(requests).hasSize(100);
    }

    @Test
    void aDeviceThatIsAwakeIsNotRung() throws Exception {
        device.queue().wantDoorbells(false);
        channel.send(1, CLUNK);
        channel.flush();

        assertThat(device.doorbells()).isZero();
    }

    @Test
    void aReplyWhoseSizeFieldLiesEndsTheChannel() throws Exception {
        for (final int size : new int[] {0, 6, 8, 1 << 20, -1}) {
            final MockDevice liar = new MockDevice();
            liar.onRequest(request -> liar.queue().answer(request, header(size)));
            try (VirtioChannel lied = VirtioChannel.open(liar, "virtio", "liar", MSIZE)) {
                lied.send(1, CLUNK);
                lied.flush();

                assertThatThrownBy(lied::receive)
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("virtio:liar")
                        .hasMessageContaining("size field");
                assertThatThrownBy(() -> lied.send(2, CLUNK)).hasMessageContaining("size field");
            }
        }
    }

    @Test
    void aReplyShorterThanAHeaderEndsTheChannel() throws Exception {
        send(1);
        device.queue().answer(requests.get(0), (byte) 3, (byte) 0, (byte) 0);

        assertThatThrownBy(channel::receive).isInstanceOf(IOException.class).hasMessageContaining("3 bytes");
    }

    @Test
    void anAnswerToNoRequestEndsTheChannel() throws Exception {
        send(1);
        device.queue().push(77, 7);

        assertThatThrownBy(channel::receive)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("virtio:mock")
                .hasMessageContaining("descriptor 77");
        assertThatThrownBy(channel::flush).isInstanceOf(IOException.class).hasMessageContaining("descriptor 77");
    }

    @Test
    void aDeviceThatBreaksWhileWeWaitIsNoticed() throws Exception {
        send(1);
        try (BackgroundCall<Received> reader = BackgroundCall.start("reader", channel::receive)) {
            reader.awaitInside("parkNanos");

            device.breakDown();

            assertThat(reader.failure()).isInstanceOf(IOException.class).hasMessageContaining("is broken");
        }
    }

    @Test
    void aDeviceThatVanishesWhileNothingIsInFlightIsNoticed() throws Exception {
        try (BackgroundCall<Received> reader = BackgroundCall.start("reader", channel::receive)) {
            reader.awaitInside("park");

            device.vanish("unplugged");

            assertThat(reader.failure()).isInstanceOf(IOException.class).hasMessageContaining("virtio:mock: unplugged");
        }
    }

    @Test
    void aDeviceThatNeverAnswersDoesNotKeepUsFromClosing() throws Exception {
        send(1);
        try (BackgroundCall<Received> reader = BackgroundCall.start("reader", channel::receive)) {
            reader.awaitInside("parkNanos");

            channel.close();

            assertThat(reader.failure()).isInstanceOf(ChannelClosedException.class);
        }
        assertThat(device.status()).isZero();
        assertThat(device.isClosed()).isTrue();
    }

    @Test
    void aRequestSentWhileTheReaderWaitsForASlowOneIsAnsweredAtOnce() throws Exception {
        send(1);
        try (BackgroundCall<Received> reader = BackgroundCall.start("reader", channel::receive)) {
            reader.awaitInside("parkNanos");

            device.onRequest(request -> device.queue().answer(request, frame(2, new Rclunk())));
            channel.send(2, CLUNK);
            channel.flush();

            assertThat(reader.result().tag()).isEqualTo(2);
        }
    }

    @Test
    void waitingWithNothingInFlightCostsNoProcessorTime() throws Exception {
        final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        final Thread[] thread = new Thread[1];
        try (BackgroundCall<Received> reader = BackgroundCall.start("reader", () -> {
            thread[0] = Thread.currentThread();
            return channel.receive();
        })) {
            reader.awaitBlockedIn("receive");
            final long before = threads.getThreadCpuTime(thread[0].getId());

            await().pollDelay(Duration.ofMillis(500)).until(() -> thread[0].getState() == Thread.State.WAITING);

            assertThat(threads.getThreadCpuTime(thread[0].getId())).isEqualTo(before);
            channel.close();
            assertThat(reader.failure()).isInstanceOf(ChannelClosedException.class);
        }
    }

    @Test
    void aSenderThatWaitsForRoomRingsFirstAndGoesOnOnceAReplyIsClosed() throws Exception {
        device.onRequest(request -> device.queue().answer(request, frame(0, new Rclunk())));
        for (int i = 0; i < channel.maxRequests(); i++) {
            channel.send(i, CLUNK);
        }
        try (BackgroundCall<Void> sender = BackgroundCall.start("sender", () -> {
            channel.send(500, CLUNK);
            channel.flush();
            return null;
        })) {
            sender.awaitInside("take");
            // Only the waiting sender can have told the device of the earlier requests, whose slots it needs.
            final Received first = channel.receive();
            sender.awaitInside("take");
            first.close();
            assertThat(sender.result()).isNull();
        }
        assertThat(receiveTags(channel.maxRequests())).contains(500);
    }

    @Test
    void largeMessagesWaitForLargeRoomAndSmallOnesPassThem() throws Exception {
        final MockDevice roomy = new MockDevice();
        final List<MockRequest> seen = new ArrayList<>();
        roomy.onRequest(seen::add);
        final int msize = 16 << 20;
        try (VirtioChannel few = VirtioChannel.open(roomy, "virtio", "roomy", msize)) {
            for (int tag = 0; tag < 4; tag++) {
                few.send(tag, new Tread(1, 0, msize - Rread.HEADER_SIZE));
            }
            few.send(4, CLUNK);
            few.flush();
            assertThat(seen).hasSize(5);
            try (BackgroundCall<Void> sender = BackgroundCall.start("sender", () -> {
                few.send(5, new Tread(1, 0, msize - Rread.HEADER_SIZE));
                return null;
            })) {
                sender.awaitInside("take");
                roomy.queue().answer(seen.get(2), frame(2, new Rread(ByteBuffer.wrap(new byte[5]))));
                few.receive().close();
                assertThat(sender.result()).isNull();
            }
        }
    }

    @Test
    void closeWakesASenderThatWaitsForRoom() throws Exception {
        for (int i = 0; i < channel.maxRequests(); i++) {
            channel.send(i, CLUNK);
        }
        try (BackgroundCall<Void> sender = BackgroundCall.start("sender", () -> {
            channel.send(500, CLUNK);
            return null;
        })) {
            sender.awaitInside("take");

            channel.close();

            assertThat(sender.failure()).isInstanceOf(ChannelClosedException.class);
        }
    }

    @Test
    void withoutIndirectDescriptorsHalfAsManyRequestsFit() throws Exception {
        final MockDevice plain = new MockDevice().features(1L << 32 | 1).queueSize(16);
        plain.onRequest(request -> plain.queue().answer(request, frame(3, new Rclunk())));
        try (VirtioChannel narrow = VirtioChannel.open(plain, "virtio", "plain", MSIZE)) {
            assertThat(narrow.maxRequests()).isEqualTo(8);
            assertThat(narrow.info().details()).containsEntry("features", "mount_tag version_1");
            narrow.send(3, CLUNK);
            narrow.flush();
            try (Received received = narrow.receive()) {
                assertThat(received.tag()).isEqualTo(3);
            }
        }
    }

    @Test
    void aFunctionWhoseDeviceDoesNotWorkIsGivenBack() {
        final MockDevice old = new MockDevice().features(1);

        assertThatThrownBy(() -> VirtioChannel.open(old, "virtio", "old", MSIZE))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("virtio:old: ");
        assertThat(old.isClosed()).isTrue();
    }

    @Test
    void memoryInTooManyPiecesIsRefused() {
        final MockDevice scattered = new MockDevice().memory(MockMemory.scattered(32 << 20, 4096 * 4));

        assertThatThrownBy(() -> VirtioChannel.open(scattered, "virtio", "scattered", 1 << 20))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("smaller msize");
    }

    private void send(final int... tags) throws IOException {
        for (final int tag : tags) {
            channel.send(tag, CLUNK);
        }
        channel.flush();
    }

    private void answer(final int request, final int tag, final Rmessage reply) {
        device.queue().answer(requests.get(request), frame(tag, reply));
    }

    private List<Integer> receiveTags(final int count) throws IOException {
        final List<Integer> tags = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            try (Received received = channel.receive()) {
                tags.add(received.tag());
            }
        }
        return tags;
    }

    private static byte[] frame(final int tag, final Rmessage reply) {
        final ByteBuffer bytes = ByteBuffer.allocate(Frame.sizeOf(reply));
        new Frame(tag, reply).encode(bytes);
        return bytes.array();
    }

    /** Returns a frame of an Rclunk with {@code size} in its size field. */
    private static byte[] header(final int size) {
        return ByteBuffer.allocate(Frame.HEADER_SIZE)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(size)
                .put((byte) 121)
                .putShort((short) 1)
                .array();
    }
}
