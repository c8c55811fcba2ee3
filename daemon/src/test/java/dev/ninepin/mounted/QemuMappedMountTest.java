package dev.ninepin.mounted;

import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.ServerKind;
import java.io.IOException;

@LongRun
class QemuMappedMountTest extends MountContract {
    QemuMappedMountTest() throws IOException {
        super(ServerKind.QEMU_MAPPED);
    }
}
