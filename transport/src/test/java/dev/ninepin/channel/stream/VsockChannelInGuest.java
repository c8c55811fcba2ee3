package dev.ninepin.channel.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelClosedException;
import dev.ninepin.channel.ChannelContract;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.DiodServer;
import dev.ninepin.testing.RawClient;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The channel contract over the kernel's loopback (module {@code vsock_loopback}). socat forwards the connections to
 * diod.
 */
class VsockChannelInGuest extends ChannelContract {
    private static final long LOCAL = 1;
    private static final long PORT = 5640;

    private DiodServer server;
    private Process socat;

    @BeforeEach
    void startServer() throws IOException {
        server = DiodServer.onUnixSocket(export);
        socat = new ProcessBuilder("socat", "VSOCK-LISTEN:" + PORT + ",fork", "UNIX-CONNECT:" + server.socket())
                .inheritIO()
                .start();
        await().ignoreExceptions().until(() -> {
            StreamChannel.vsock(LOCAL, PORT).close();
            return true;
        });
    }

    @AfterEach
    void endServer() throws InterruptedException {
        endSocat();
        server.close();
    }

    private void endSocat() throws InterruptedException {
        socat.descendants().forEach(ProcessHandle::destroyForcibly);
        socat.destroyForcibly().waitFor();
    }

    @Override
    protected Channel open() throws IOException {
        return StreamChannel.vsock(LOCAL, PORT);
    }

    @Override
    protected ByteString aname() {
        return server.aname();
    }

    @Override
    protected void killServer(final Channel channel) throws InterruptedException {
        endSocat();
    }

    @Test
    void aPortThatNobodyListensOnIsSaidSo() {
        assertThatThrownBy(() -> StreamChannel.vsock(LOCAL, 4_000_000_000L))
                .isInstanceOf(IOException.class)
                .hasMessage("cannot connect to vsock:1:4000000000: connection refused; check that the server runs"
                        + " and listens on vsock port 4000000000");
    }

    @Test
    void aMachineThatIsNotThereIsSaidSo() {
        assertThatThrownBy(() -> StreamChannel.vsock(77, PORT))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot connect to vsock:77:5640: ")
                .hasMessageContaining("check the CID (the host is 2)");
    }

    @Test
    void aSenderThatWaitsForRoomIsWokenByClose() throws Exception {
        final Channel channel = open();
        final RawClient client = RawClient.attach(channel, server.aname());
        assertThat(client.call(1, new Tgetattr(RawClient.ROOT, AttrMask.BASIC), Rgetattr.class))
                .isNotNull();
        new ProcessBuilder("kill", "-STOP", Long.toString(server.process().pid()))
                .start()
                .waitFor();
        try (BackgroundCall<Void> sender = BackgroundCall.start("sender", () -> {
            while (true) {
                channel.send(1, new Tgetattr(RawClient.ROOT, AttrMask.BASIC));
                channel.flush();
            }
        })) {
            sender.awaitBlockedIn("flush");

            channel.close();

            assertThat(sender.failure()).isInstanceOf(ChannelClosedException.class);
        } finally {
            new ProcessBuilder("kill", "-CONT", Long.toString(server.process().pid()))
                    .start()
                    .waitFor();
        }
    }
}
