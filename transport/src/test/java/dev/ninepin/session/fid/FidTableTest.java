package dev.ninepin.session.fid;

import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.RealServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Nested;

class FidTableTest {
    @Nested
    class OverDiodOnAUnixSocket extends FidTableContract {
        @Override
        protected RealServer start(final Path directory) throws IOException {
            return RealServer.diodOnUnixSocket(directory);
        }
    }

    @Nested
    @LongRun
    class OverDiodOnTcp extends FidTableContract {
        @Override
        protected RealServer start(final Path directory) throws IOException {
            return RealServer.diodOnTcp(directory);
        }
    }

    @Nested
    @LongRun
    class OverGanesha extends FidTableContract {
        @Override
        protected RealServer start(final Path directory) throws IOException {
            return RealServer.ganesha(directory);
        }
    }

    @Nested
    class OverQemu extends FidTableContract {
        @Override
        protected RealServer start(final Path directory) {
            return RealServer.qemu(directory, Map.of("security_model", "none"));
        }
    }

    @Nested
    @LongRun
    class OverQemuMapped extends FidTableContract {
        @Override
        protected RealServer start(final Path directory) {
            return RealServer.qemu(directory, Map.of("security_model", "mapped-xattr"));
        }
    }
}
