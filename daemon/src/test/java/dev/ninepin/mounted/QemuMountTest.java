package dev.ninepin.mounted;

import java.io.IOException;

class QemuMountTest extends MountContract {
    QemuMountTest() throws IOException {
        super(ServerKind.QEMU);
    }
}
