package dev.ninepin.share;

import dev.ninepin.session.SessionOptions;
import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.ServerKind;
import org.junit.jupiter.api.Nested;

@LongRun
class StressTest {
    @Nested
    @OnServer(ServerKind.DIOD_UNIX)
    class OverDiodOnAUnixSocket extends StressContract {}

    @Nested
    @OnServer(value = ServerKind.DIOD_TCP, msize = SessionOptions.MIN_MSIZE)
    class OverDiodOnTcpWithTheSmallestMsize extends StressContract {}

    @Nested
    @OnServer(ServerKind.GANESHA)
    class OverGanesha extends StressContract {}

    @Nested
    @OnServer(ServerKind.QEMU)
    class OverQemu extends StressContract {}

    @Nested
    @OnServer(value = ServerKind.QEMU_MAPPED, msize = SessionOptions.MIN_MSIZE)
    class OverQemuMappedWithTheSmallestMsize extends StressContract {}
}
