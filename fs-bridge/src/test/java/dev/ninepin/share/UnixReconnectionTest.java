package dev.ninepin.share;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.ServerKind;

/** The matrix over diod, on a UNIX socket. */
@OnServer(ServerKind.DIOD_UNIX)
class UnixReconnectionTest extends ReconnectionMatrix {
    UnixReconnectionTest() {
        super(CacheMode.OPEN);
    }
}
