package dev.ninepin.channel.stream;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelContract;
import dev.ninepin.p9.ByteString;
import dev.ninepin.testing.DiodServer;
import java.io.IOException;

class ExecChannelTest extends ChannelContract {
    @Override
    protected Channel open() throws IOException {
        return StreamChannel.exec(DiodServer.commandOnPipes(export));
    }

    @Override
    protected ByteString aname() {
        return DiodServer.aname(export);
    }

    @Override
    protected void killServer(final Channel channel) {
        ProcessHandle.of(Long.parseLong(channel.info().details().get("pid")))
                .orElseThrow()
                .destroyForcibly();
    }
}
