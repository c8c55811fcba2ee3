package dev.ninepin.channel.vio9p;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelClosedException;
import dev.ninepin.channel.Received;
import dev.ninepin.os.LibC;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Rread;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.p9.Tread;
import dev.ninepin.p9.Tversion;
import dev.ninepin.session.Session;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.CuseDevice;
import dev.ninepin.testing.RawClient;
import dev.ninepin.testing.ScriptedServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The vio9p tests over a character device of the kernel, like the driver's own device. */
class CuseVio9pInGuest extends Vio9pContract {
    private static final int O_NONBLOCK = 04000;
    private static final byte[] MOUNT_TAG = "hostshare".getBytes(UTF_8);

    private CuseDevice device;

    @BeforeEach
    void startDevice() throws IOException {
        device = CuseDevice.start(model(), "9p/0", MOUNT_TAG);
    }

    @AfterEach
    void endDevice() {
        device.close();
    }

    @Override
    protected Channel open() throws IOException {
        return Vio9pChannel.open(device.path());
    }

    @Test
    void theMountTagIsShown() throws Exception {
        try (Session session = connect()) {
            assertThat(session.channelInfo().device()).isEqualTo("/dev/9p/0");
            assertThat(session.channelInfo().details()).containsEntry("mount_tag", "hostshare");
        }
    }

    @Test
    void aSecondUserIsRefusedAndTheFirstWorksOn() throws Exception {
        try (Session session = connect()) {
            assertThatThrownBy(this::open)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("cannot open vio9p:/dev/9p/0: another process has it open");
            assertThat(session.getattr(root, AttrMask.BASIC).await()).isNotNull();
        }
        open().close();
    }

    @Test
    void aMessageThatHasNoRoomStaysForALargerRead() throws Exception {
        writeBlocks(1);
        final int small = 512;
        final Vio9pDevice opened = Vio9pDevice.open(device.path());
        try (Channel channel = new Vio9pChannel(opened, "/dev/9p/0", MOUNT_TAG, small)) {
            final RawClient client = RawClient.attach(channel, server.aname());
            client.open(1, "blocks");
            assertThat(client.call(1, new Tread(1, 0, 4096), Rread.class).data().remaining())
                    .isEqualTo(4096);
        }
        // 512, 1024, 2048 and 4096 bytes were too small for the data and the header.
        assertThat(model().overflows()).isEqualTo(4);
    }

    @Test
    void aDeviceThatDoesNotBlockWorksToo() throws Exception {
        final Vio9pDevice opened = Vio9pDevice.open(device.path(), LibC.get(), O_NONBLOCK);
        try (Channel channel = Vio9pChannel.over(opened, "/dev/9p/0")) {
            RawClient.attach(channel, server.aname());
            model().hold();
            for (int tag = 0; tag < 16; tag++) {
                channel.send(tag, getattr());
            }
            // All sixteen slots are taken: EAGAIN, until the first request is answered and its reply read.
            try (BackgroundCall<Void> one = BackgroundCall.start("one more", () -> {
                channel.send(16, getattr());
                return null;
            })) {
                one.awaitInside("parkNanos");
                model().releaseReversed();
                for (int i = 0; i < 17; i++) {
                    channel.receive().close();
                }
                one.result();
            }
        }
    }

    @Test
    void aSenderThatWaitsForRoomIsWokenByClose() throws Exception {
        final Channel channel = open();
        RawClient.attach(channel, server.aname());
        model().hold();
        for (int tag = 0; tag < 16; tag++) {
            channel.send(tag, getattr());
        }
        try (BackgroundCall<Void> one = BackgroundCall.start("one more", () -> {
            channel.send(16, getattr());
            return null;
        })) {
            one.awaitBlockedIn("send");

            channel.close();

            assertThat(one.failure()).isInstanceOf(ChannelClosedException.class);
        }
    }

    @Test
    void aMessageThatIsTooLargeForTheDriverIsRefusedAlone() throws Exception {
        try (Vio9pDevice opened = Vio9pDevice.open(device.path())) {
            assertThatThrownBy(() -> opened.write(ByteBuffer.allocateDirect(9000)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("9000 bytes is larger than the device takes");
            final Tversion version = new Tversion(8192, Tversion.VERSION_9P2000_L);
            final ByteBuffer request = ByteBuffer.allocateDirect(Frame.sizeOf(version));
            opened.write(request.put(ScriptedServer.frame(Frame.NOTAG, version)).flip());
            assertThat(opened.read(ByteBuffer.allocateDirect(8192))).isEqualTo(request.capacity());
        }
    }

    @Test
    void closingManyTimesWhileItIsReadLosesNoDescriptorAndNoThread() throws Exception {
        for (int i = 0; i < 50; i++) {
            final Channel channel = open();
            try (BackgroundCall<Received> reader = BackgroundCall.start("reader", channel::receive)) {
                // At a random moment: before, during or after the system call.
                channel.close();
                assertThat(reader.failure()).isInstanceOf(ChannelClosedException.class);
            }
            await().until(() -> !model().isOpen());
        }
    }

    private static Tgetattr getattr() {
        return new Tgetattr(RawClient.ROOT, AttrMask.BASIC);
    }
}
