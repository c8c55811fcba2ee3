package dev.ninepin.share;

import dev.ninepin.session.SessionOptions;
import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.ServerKind;
import org.junit.jupiter.api.Nested;

/** Tests of concurrent reads and changes of extended attributes. */
@LongRun
class XattrRaceTest {
    @Nested
    @OnServer(ServerKind.DIOD_UNIX)
    class OverDiodOnAUnixSocket extends XattrRaceContract {}

    @Nested
    @OnServer(value = ServerKind.DIOD_TCP, msize = SessionOptions.MIN_MSIZE)
    class OverDiodOnTcpWithTheSmallestMsize extends XattrRaceContract {}

    @Nested
    @OnServer(ServerKind.QEMU)
    class OverQemu extends XattrRaceContract {}

    @Nested
    @OnServer(value = ServerKind.QEMU_MAPPED, msize = SessionOptions.MIN_MSIZE)
    class OverQemuMappedWithTheSmallestMsize extends XattrRaceContract {}
}
