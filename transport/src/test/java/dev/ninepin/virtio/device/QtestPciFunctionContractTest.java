package dev.ninepin.virtio.device;

import dev.ninepin.virtio.pci.PciFunction;
import dev.ninepin.virtio.qemu.QemuChannel;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;

class QtestPciFunctionContractTest extends PciFunctionContract {
    @TempDir
    private Path export;

    @Override
    public PciFunction open() throws Exception {
        return QemuChannel.start(export, Map.of(), 131_096);
    }
}
