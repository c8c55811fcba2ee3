package dev.ninepin.channel.vio9p;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelContract;
import dev.ninepin.p9.ByteString;
import dev.ninepin.testing.CuseDevice;
import dev.ninepin.testing.DiodServer;
import dev.ninepin.testing.Vio9pBackend;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The channel contract for vio9p over a character device of the kernel. */
class CuseChannelInGuest extends ChannelContract {
    private DiodServer server;
    private Vio9pBackend backend;
    private CuseDevice device;

    @BeforeEach
    void start() throws IOException {
        server = DiodServer.onUnixSocket(export);
        backend = Vio9pBackend.connect(server.socket());
        device = CuseDevice.start(backend.model(), "9p/contract", "share".getBytes(UTF_8));
    }

    @AfterEach
    void end() {
        device.close();
        backend.close();
        server.close();
    }

    @Override
    protected Channel open() throws IOException {
        return Vio9pChannel.open(device.path());
    }

    @Override
    protected ByteString aname() {
        return server.aname();
    }

    @Override
    protected void killServer(final Channel channel) {
        device.close();
    }
}
