package dev.ninepin.session;

import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.ServerKind;
import org.junit.jupiter.api.Nested;

class BehaviourTest {
    @Nested
    @OnServer(ServerKind.DIOD_UNIX)
    class OverDiodOnAUnixSocket extends BehaviourContract {}

    @Nested
    @LongRun
    @OnServer(ServerKind.DIOD_TCP)
    class OverDiodOnTcp extends BehaviourContract {}

    @Nested
    @LongRun
    @OnServer(ServerKind.GANESHA)
    class OverGanesha extends BehaviourContract {}

    @Nested
    @OnServer(ServerKind.QEMU)
    class OverQemu extends BehaviourContract {}

    @Nested
    @LongRun
    @OnServer(ServerKind.QEMU_MAPPED)
    class OverQemuMapped extends BehaviourContract {}
}
