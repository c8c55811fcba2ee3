package dev.ninepin.share;

import dev.ninepin.session.SessionOptions;
import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.RealServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Nested;

/** Tests of concurrent reads and changes of extended attributes. */
@LongRun
class XattrRaceTest {
    @Nested
    class OverDiodOnAUnixSocket extends XattrRaceContract {
        @Override
        protected RealServer start(final Path directory) throws IOException {
            return RealServer.diodOnUnixSocket(directory);
        }
    }

    @Nested
    class OverDiodOnTcpWithTheSmallestMsize extends XattrRaceContract {
        @Override
        protected RealServer start(final Path directory) throws IOException {
            return RealServer.diodOnTcp(directory);
        }

        @Override
        protected SessionOptions options() throws IOException {
            return super.options().withMsize(SessionOptions.MIN_MSIZE);
        }
    }

    @Nested
    class OverQemu extends XattrRaceContract {
        @Override
        protected RealServer start(final Path directory) {
            return RealServer.qemu(directory, Map.of("security_model", "none"));
        }
    }

    @Nested
    class OverQemuMappedWithTheSmallestMsize extends XattrRaceContract {
        @Override
        protected RealServer start(final Path directory) {
            return RealServer.qemu(directory, Map.of("security_model", "mapped-xattr"));
        }

        @Override
        protected SessionOptions options() throws IOException {
            return super.options().withMsize(SessionOptions.MIN_MSIZE);
        }
    }
}
