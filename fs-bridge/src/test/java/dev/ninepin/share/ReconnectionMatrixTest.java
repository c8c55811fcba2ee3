package dev.ninepin.share;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.ServerKind;
import org.junit.jupiter.api.Nested;

/** The matrix, for real servers and two cache modes. */
class ReconnectionMatrixTest {
    @Nested
    @OnServer(ServerKind.DIOD_UNIX)
    class OverDiod extends ReconnectionMatrix {
        OverDiod() {
            super(CacheMode.OPEN);
        }
    }

    @Nested
    @OnServer(ServerKind.DIOD_TCP)
    class OverDiodWithoutCache extends ReconnectionMatrix {
        OverDiodWithoutCache() {
            super(CacheMode.NONE);
        }
    }

    @Nested
    @OnServer(ServerKind.QEMU)
    class OverQemu extends ReconnectionMatrix {
        OverQemu() {
            super(CacheMode.OPEN);
        }
    }
}
