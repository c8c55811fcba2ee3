package dev.ninepin.virtio;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;

class QtestPciFunctionContractTest extends PciFunctionContract {
    @TempDir
    private Path export;

    @Override
    PciFunction open() throws Exception {
        return QemuChannel.start(export, Map.of(), 131_096);
    }
}
