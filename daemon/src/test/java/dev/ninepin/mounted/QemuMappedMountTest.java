package dev.ninepin.mounted;

import java.io.IOException;

class QemuMappedMountTest extends MountContract {
    QemuMappedMountTest() throws IOException {
        super(ServerKind.QEMU_MAPPED);
    }
}
