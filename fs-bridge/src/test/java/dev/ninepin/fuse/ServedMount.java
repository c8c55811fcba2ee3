package dev.ninepin.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.mount.FuseOptions;
import dev.ninepin.operations.Errno;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.Share;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A share of a server that the test simulates, mounted on a directory of its own. */
final class ServedMount implements AutoCloseable {
    final Path root;
    final Share share;
    private final FuseMount mount;

    /**
     * Mounts the share.
     *
     * @param msize the msize of the session, in bytes
     */
    ServedMount(final AnsweringChannel.Server server, final int msize, final ShareOptions options) throws IOException {
        this(server, msize, options, true);
    }

    /**
     * Mounts the share.
     *
     * @param mayMapUncached as in {@link FuseMount#mount}
     */
    ServedMount(
            final AnsweringChannel.Server server,
            final int msize,
            final ShareOptions options,
            final boolean mayMapUncached)
            throws IOException {
        root = Files.createTempDirectory("ninepin-served-test").toRealPath();
        share = Share.open(
                Session.connect(
                        new AnsweringChannel(server), SessionOptions.defaults(0).withMsize(msize)),
                options);
        mount = FuseMount.mount(
                LibFuse.get(), share, root, new FuseOptions("served", false, false, false), Errno::of, mayMapUncached);
    }

    @Override
    public void close() throws IOException {
        mount.close();
        assertThat(mount.hasEnded()).isTrue();
        share.close();
        Files.delete(root);
    }
}
