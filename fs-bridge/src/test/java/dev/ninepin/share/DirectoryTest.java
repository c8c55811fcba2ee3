package dev.ninepin.share;

import dev.ninepin.session.SessionOptions;
import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.ServerKind;
import org.junit.jupiter.api.Nested;

class DirectoryTest {
    @Nested
    @OnServer(ServerKind.DIOD_UNIX)
    class OverDiodOnAUnixSocket extends DirectoryContract {}

    @Nested
    @LongRun
    @OnServer(value = ServerKind.DIOD_TCP, msize = SessionOptions.MIN_MSIZE)
    class OverDiodOnTcpWithTheSmallestMsize extends DirectoryContract {}

    @Nested
    @LongRun
    @OnServer(ServerKind.GANESHA)
    class OverGanesha extends DirectoryContract {}

    @Nested
    @OnServer(ServerKind.QEMU)
    class OverQemu extends DirectoryContract {}

    @Nested
    @LongRun
    @OnServer(value = ServerKind.QEMU_MAPPED, msize = SessionOptions.MIN_MSIZE)
    class OverQemuMappedWithTheSmallestMsize extends DirectoryContract {}
}
