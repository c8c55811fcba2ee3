package dev.ninepin.mounted;

import dev.ninepin.testing.ServerKind;
import java.io.IOException;

class QemuPassthroughUsersTest extends ManyUsersContract {
    QemuPassthroughUsersTest() throws IOException {
        super(ServerKind.QEMU_PASSTHROUGH);
    }
}
