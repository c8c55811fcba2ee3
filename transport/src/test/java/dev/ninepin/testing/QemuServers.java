package dev.ninepin.testing;

import dev.ninepin.channel.Channel;
import dev.ninepin.p9.ByteString;
import dev.ninepin.virtio.qemu.QemuChannel;
import dev.ninepin.virtio.qemu.QemuProcesses;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * QEMU servers, one for each channel: a server starts and ends with its channel. Files keep their inode numbers of the
 * host, unless the options say otherwise.
 */
public record QemuServers(ServerKind kind, Path export, Map<String, String> options) implements RealServer {
    @Override
    public Channel connect(final int maxMessageSize) throws IOException {
        final Map<String, String> asked = new HashMap<>(Map.of("multidevs", "warn"));
        asked.putAll(options);
        return QemuChannel.open(export, asked, maxMessageSize);
    }

    @Override
    public ByteString aname() {
        return ByteString.EMPTY;
    }

    @Override
    public ProcessHandle process() {
        return QemuProcesses.of(export).get(0);
    }

    @Override
    public void kill() {
        QemuProcesses.of(export).forEach(ServerProcess::kill);
    }

    @Override
    public void close() {
        // A QEMU ends with its channel.
    }
}
