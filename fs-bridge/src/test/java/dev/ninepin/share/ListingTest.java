package dev.ninepin.share;

import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.ServerKind;
import org.junit.jupiter.api.Nested;

class ListingTest {
    @Nested
    @OnServer(ServerKind.DIOD_UNIX)
    class OverDiod extends ListingContract {}

    @Nested
    @OnServer(ServerKind.QEMU)
    class OverQemu extends ListingContract {}
}
