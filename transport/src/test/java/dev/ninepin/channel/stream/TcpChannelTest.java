package dev.ninepin.channel.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelContract;
import dev.ninepin.p9.ByteString;
import dev.ninepin.testing.DiodServer;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TcpChannelTest extends ChannelContract {
    private DiodServer server;

    @BeforeEach
    void startServer() throws IOException {
        server = DiodServer.onTcp(export);
    }

    @AfterEach
    void endServer() {
        server.close();
    }

    @Override
    protected Channel open() throws IOException {
        return StreamChannel.tcp("127.0.0.1", server.port());
    }

    @Override
    protected ByteString aname() {
        return server.aname();
    }

    @Test
    void aLocalAddressMayBeTheEndOfATunnel() throws IOException {
        try (Channel channel = open()) {
            assertThat(channel.mayReachOtherHost()).isTrue();
        }
    }

    @Override
    protected void killServer(final Channel channel) {
        server.kill();
    }
}
