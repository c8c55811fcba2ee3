package dev.ninepin.share;

import dev.ninepin.session.SessionOptions;
import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.RealServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Nested;

class XattrTest {
    @Nested
    class OverDiodOnAUnixSocket extends XattrContract {
        @Override
        protected RealServer start(final Path directory) throws IOException {
            return RealServer.diodOnUnixSocket(directory);
        }
    }

    @Nested
    @LongRun
    class OverDiodOnTcpWithTheSmallestMsize extends XattrContract {
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
    @LongRun
    class OverGanesha extends XattrContract {
        @Override
        protected RealServer start(final Path directory) throws IOException {
            return RealServer.ganesha(directory);
        }
    }

    @Nested
    class OverQemu extends XattrContract {
        @Override
        protected RealServer start(final Path directory) {
            return RealServer.qemu(directory, Map.of("security_model", "none"));
        }
    }

    @Nested
    class OverQemuPassthrough extends XattrContract {
        @Override
        protected RealServer start(final Path directory) {
            return RealServer.qemu(directory, Map.of("security_model", "passthrough"));
        }
    }

    @Nested
    @LongRun
    class OverQemuMappedWithTheSmallestMsize extends XattrContract {
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
