package dev.ninepin.mounted;

import java.io.IOException;

class QemuMappedUsersTest extends ManyUsersContract {
    QemuMappedUsersTest() throws IOException {
        super(ServerKind.QEMU_MAPPED);
    }
}
