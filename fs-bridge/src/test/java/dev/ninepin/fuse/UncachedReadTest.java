package dev.ninepin.fuse;

import dev.ninepin.testing.RealServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Nested;

/** The tests of {@link UncachedReadContract}, as with kernels from 6.6 on and as with older kernels. */
class UncachedReadTest {
    private abstract static class OverQemu extends UncachedReadContract {
        OverQemu(final boolean mayMapUncached) {
            super(mayMapUncached);
        }

        @Override
        protected RealServer start(final Path directory) {
            return RealServer.qemu(directory, Map.of("security_model", "none"));
        }
    }

    private abstract static class OverDiod extends UncachedReadContract {
        OverDiod(final boolean mayMapUncached) {
            super(mayMapUncached);
        }

        @Override
        protected RealServer start(final Path directory) throws IOException {
            return RealServer.diodOnUnixSocket(directory);
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
