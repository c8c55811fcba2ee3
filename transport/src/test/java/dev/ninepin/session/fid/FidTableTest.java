package dev.ninepin.session.fid;

import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.ServerKind;
import org.junit.jupiter.api.Nested;

class FidTableTest {
    @Nested
    @OnServer(ServerKind.DIOD_UNIX)
    class OverDiodOnAUnixSocket extends FidTableContract {}

    @Nested
    @LongRun
    @OnServer(ServerKind.DIOD_TCP)
    class OverDiodOnTcp extends FidTableContract {}

    @Nested
    @LongRun
    @OnServer(ServerKind.GANESHA)
    class OverGanesha extends FidTableContract {}

    @Nested
    @OnServer(ServerKind.QEMU)
    class OverQemu extends FidTableContract {}

    @Nested
    @LongRun
    @OnServer(ServerKind.QEMU_MAPPED)
    class OverQemuMapped extends FidTableContract {}
}
