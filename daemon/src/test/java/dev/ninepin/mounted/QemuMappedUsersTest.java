package dev.ninepin.mounted;

import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.ServerKind;
import java.io.IOException;

@LongRun
class QemuMappedUsersTest extends ManyUsersContract {
    QemuMappedUsersTest() throws IOException {
        super(ServerKind.QEMU_MAPPED);
    }
}
