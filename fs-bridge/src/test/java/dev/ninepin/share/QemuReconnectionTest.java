package dev.ninepin.share;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.ServerKind;

/** The matrix over QEMU. Each of the three matrices is a class, so that they run at the same time. */
@OnServer(ServerKind.QEMU)
class QemuReconnectionTest extends ReconnectionMatrix {
    QemuReconnectionTest() {
        super(CacheMode.OPEN);
    }
}
