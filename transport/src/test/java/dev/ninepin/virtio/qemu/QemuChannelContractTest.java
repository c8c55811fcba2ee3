package dev.ninepin.virtio.qemu;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelContract;
import dev.ninepin.p9.ByteString;
import java.util.Map;

class QemuChannelContractTest extends ChannelContract {
    private static final int MSIZE = 131096;

    @Override
    protected Channel open() throws Exception {
        return QemuChannel.open(export, Map.of(), MSIZE);
    }

    @Override
    protected ByteString aname() {
        return ByteString.EMPTY;
    }

    @Override
    protected void killServer(final Channel channel) {
        QemuProcesses.of(export).forEach(ProcessHandle::destroyForcibly);
    }
}
