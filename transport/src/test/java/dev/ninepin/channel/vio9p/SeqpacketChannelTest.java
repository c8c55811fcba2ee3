package dev.ninepin.channel.vio9p;

import static org.awaitility.Awaitility.await;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelContract;
import dev.ninepin.p9.ByteString;
import dev.ninepin.testing.DiodServer;
import dev.ninepin.testing.Vio9pBackend;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The channel contract for vio9p where the kernel has no CUSE. */
class SeqpacketChannelTest extends ChannelContract {
    private final List<SeqpacketDevice> devices = new ArrayList<>();
    private DiodServer server;
    private Vio9pBackend backend;

    @BeforeEach
    void start() throws IOException {
        server = DiodServer.onUnixSocket(export);
        backend = Vio9pBackend.connect(server.socket());
    }

    @AfterEach
    void end() {
        devices.forEach(SeqpacketDevice::close);
        backend.close();
        server.close();
    }

    @Override
    protected Channel open() throws IOException {
        await().until(() -> !backend.model().isOpen());
        final SeqpacketDevice device = new SeqpacketDevice(backend.model());
        devices.add(device);
        return new Vio9pChannel(
                device.device("/dev/9p/none"), "/dev/9p/none", new byte[0], Vio9pChannel.MAX_MESSAGE_SIZE);
    }

    @Override
    protected ByteString aname() {
        return server.aname();
    }

    @Override
    protected void killServer(final Channel channel) {
        devices.forEach(SeqpacketDevice::close);
    }
}
