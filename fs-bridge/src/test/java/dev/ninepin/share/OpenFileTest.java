package dev.ninepin.share;

import dev.ninepin.session.SessionOptions;
import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.ServerKind;
import org.junit.jupiter.api.Nested;

class OpenFileTest {
    @Nested
    @OnServer(ServerKind.DIOD_UNIX)
    class OverDiodOnAUnixSocket extends OpenFileContract {}

    @Nested
    @LongRun
    @OnServer(value = ServerKind.DIOD_TCP, msize = SessionOptions.MIN_MSIZE)
    class OverDiodOnTcpWithTheSmallestMsize extends OpenFileContract {}

    @Nested
    @LongRun
    @OnServer(ServerKind.GANESHA)
    class OverGanesha extends OpenFileContract {}

    @Nested
    @OnServer(ServerKind.QEMU)
    class OverQemu extends OpenFileContract {}

    @Nested
    @LongRun
    @OnServer(value = ServerKind.QEMU_MAPPED, msize = SessionOptions.MIN_MSIZE)
    class OverQemuMappedWithTheSmallestMsize extends OpenFileContract {}
}
