package dev.ninepin.fuse;

import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.ServerKind;
import org.junit.jupiter.api.Nested;

/** The tests of {@link UncachedReadContract}, as with kernels from 6.6 on and as with older kernels. */
class UncachedReadTest {
    @OnServer(ServerKind.QEMU)
    private abstract static class OverQemu extends UncachedReadContract {
        OverQemu(final boolean mayMapUncached) {
            super(mayMapUncached);
        }
    }

    @OnServer(ServerKind.DIOD_UNIX)
    private abstract static class OverDiod extends UncachedReadContract {
        OverDiod(final boolean mayMapUncached) {
            super(mayMapUncached);
        }
    }

    @Nested
    class WithoutPagesOverQemu extends OverQemu {
        WithoutPagesOverQemu() {
            super(true);
        }
    }

    @Nested
    class WithoutPagesOverDiod extends OverDiod {
        WithoutPagesOverDiod() {
            super(true);
        }
    }

    @Nested
    class WithPagesThatAreDroppedOverQemu extends OverQemu {
        WithPagesThatAreDroppedOverQemu() {
            super(false);
        }
    }

    @Nested
    class WithPagesThatAreDroppedOverDiod extends OverDiod {
        WithPagesThatAreDroppedOverDiod() {
            super(false);
        }
    }
}
