package dev.ninepin.session;

import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.ServerKind;
import org.junit.jupiter.api.Nested;

class SessionTest {
    @Nested
    @OnServer(ServerKind.DIOD_UNIX)
    class OverDiodOnAUnixSocket extends SessionContract {}

    @Nested
    @LongRun
    @OnServer(ServerKind.DIOD_TCP)
    class OverDiodOnTcp extends SessionContract {}

    @Nested
    @LongRun
    @OnServer(ServerKind.GANESHA)
    class OverGanesha extends SessionContract {}

    @Nested
    @OnServer(ServerKind.QEMU)
    class OverQemu extends SessionContract {}

    @Nested
    @LongRun
    @OnServer(ServerKind.QEMU_MAPPED)
    class OverQemuMapped extends SessionContract {}
}
