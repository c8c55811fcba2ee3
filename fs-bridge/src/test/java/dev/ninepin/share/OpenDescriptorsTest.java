package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.testing.LyingServer.S_IFREG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Created;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.Tlcreate;
import dev.ninepin.p9.Tsetattr;
import dev.ninepin.p9.Tunlinkat;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests of the file with which {@link OpenDescriptors} finds out what a server applies to descriptors. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OpenDescriptorsTest {
    private static final KernelCache NO_KERNEL = new NoKernelCache();

    @TempDir
    private Path state;

    private final Caller me = new Caller(0, 0, 022);
    private final LyingServer server = new LyingServer();

    /** The test files that the server was asked to create, and whether a note of each existed at that moment. */
    private final List<ByteString> created = new ArrayList<>();

    private final List<Boolean> noted = new ArrayList<>();

    @Test
    void theTestFileHasANoteWhileItExists() throws IOException {
        try (Share share = open()) {
            final Created file = share.create(me, ROOT, name("file"), OpenFlags.RDWR, S_IFREG | 0600, NO_KERNEL);
            watchCreations();
            losePaths();

            assertStale(share, file);

            assertThat(created).hasSize(1);
            assertThat(noted).containsExactly(true);
            assertThat(notes().resolve(created.get(0).toString())).doesNotExist();
            share.release(file.handle());
        }
        assertThat(notes()).doesNotExist();
    }

    @Test
    void aTestFileThatCannotBeRemovedIsTheOnlyOneAndGoesWithTheNextMount() throws IOException {
        try (Share share = open()) {
            final Created file = share.create(me, ROOT, name("file"), OpenFlags.RDWR, S_IFREG | 0600, NO_KERNEL);
            watchCreations();
            losePaths();
            server.lie(Tunlinkat.class, (request, truth) -> new Rlerror(Errno.EPERM));
            assertStale(share, file);
            assertStale(share, file);
            assertStale(share, file);

            assertThat(created).hasSize(1);
            share.release(file.handle());
            server.tellTheTruth();
        }
        // The lying server did remove the file.
        server.put(created.get(0).toString(), S_IFREG | 0600);

        try (Share next = open()) {
            assertThatThrownBy(() -> next.lookup(ROOT, created.get(0)))
                    .satisfies(e -> assertThat(Errno.of(e)).isEqualTo(Errno.ENOENT));
        }
        assertThat(notes()).doesNotExist();
    }

    private Share open() throws IOException {
        return Share.open(
                Session.connect(new AnsweringChannel(server), SessionOptions.defaults(0)),
                new ShareOptions(CacheMode.NONE, OptionalInt.empty(), OptionalInt.empty()),
                Optional.of(notes()));
    }

    private Path notes() {
        return state.resolve("share");
    }

    private void watchCreations() {
        server.lie(Tlcreate.class, (request, truth) -> {
            final ByteString name = ((Tlcreate) request).name();
            created.add(name);
            noted.add(Files.exists(notes().resolve(name.toString())));
            return truth;
        });
    }

    /** Lets each change of attributes find nothing, over paths and descriptors. */
    private void losePaths() {
        server.lie(Tsetattr.class, (request, truth) -> new Rlerror(Errno.ENOENT));
    }

    private static void assertStale(final Share share, final Created file) {
        assertThatThrownBy(() -> share.setattr(file.entry().node(), AttributeChange.mode(0644)))
                .satisfies(e -> assertThat(Errno.of(e)).isEqualTo(Errno.ESTALE));
    }

    private static ByteString name(final String name) {
        return ByteString.of(name);
    }
}
