package dev.ninepin.share;

import dev.ninepin.session.SessionOptions;
import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.ServerKind;
import org.junit.jupiter.api.Nested;

class XattrTest {
    @Nested
    @OnServer(ServerKind.DIOD_UNIX)
    class OverDiodOnAUnixSocket extends XattrContract {}

    @Nested
    @LongRun
    @OnServer(value = ServerKind.DIOD_TCP, msize = SessionOptions.MIN_MSIZE)
    class OverDiodOnTcpWithTheSmallestMsize extends XattrContract {}

    @Nested
    @LongRun
    @OnServer(ServerKind.GANESHA)
    class OverGanesha extends XattrContract {}

    @Nested
    @OnServer(ServerKind.QEMU)
    class OverQemu extends XattrContract {}

    @Nested
    @OnServer(ServerKind.QEMU_PASSTHROUGH)
    class OverQemuPassthrough extends XattrContract {}

    @Nested
    @LongRun
    @OnServer(value = ServerKind.QEMU_MAPPED, msize = SessionOptions.MIN_MSIZE)
    class OverQemuMappedWithTheSmallestMsize extends XattrContract {}
}
