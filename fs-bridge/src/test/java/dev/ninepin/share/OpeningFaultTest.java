package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.testing.LyingServer.S_IFREG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Tests of opens that fail after the server has opened the file. */
class OpeningFaultTest {
    @Test
    void anExistingFileThatIsNotOpenedInTheEndIsForgotten() throws IOException {
        final LyingServer server = new LyingServer();
        server.put("file", S_IFREG | 0644);
        final KernelCache broken = new NoKernelCache() {
            @Override
            public void dropData(final long node) {
                throw new IllegalStateException("a bug");
            }
        };
        try (Share share = Share.open(
                Session.connect(new AnsweringChannel(server), SessionOptions.defaults(0)),
                new ShareOptions(CacheMode.NONE, OptionalInt.empty(), OptionalInt.empty()))) {
            assertThatThrownBy(() -> share.create(
                            new Caller(0, 0, 022), ROOT, ByteString.of("file"), OpenFlags.RDWR, 0644, broken))
                    .hasMessage("a bug");

            assertThat(share.nodes()).as("nodes besides the root").isEqualTo(1);
        }
    }
}
