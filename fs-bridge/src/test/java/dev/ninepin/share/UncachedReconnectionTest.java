package dev.ninepin.share;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.ServerKind;

/** The matrix over diod, without a cache. */
@OnServer(ServerKind.DIOD_TCP)
class UncachedReconnectionTest extends ReconnectionMatrix {
    UncachedReconnectionTest() {
        super(CacheMode.NONE);
    }
}
