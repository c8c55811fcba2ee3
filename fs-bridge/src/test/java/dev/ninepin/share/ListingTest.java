package dev.ninepin.share;

import dev.ninepin.session.SessionOptions;
import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.ServerKind;
import org.junit.jupiter.api.Nested;

class ListingTest {
    @Nested
    @OnServer(value = ServerKind.DIOD_UNIX, msize = SessionOptions.MIN_MSIZE)
    class OverDiod extends ListingContract {}

    @Nested
    @OnServer(ServerKind.QEMU)
    class OverQemu extends ListingContract {}
}
