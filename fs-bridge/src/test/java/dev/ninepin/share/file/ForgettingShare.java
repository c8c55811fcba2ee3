package dev.ninepin.share.file;

import static dev.ninepin.operations.FileOperations.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.channel.Channel;
import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Tstatfs;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.NoKernelCache;
import dev.ninepin.share.Share;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.Cuts;
import dev.ninepin.testing.CuttingChannel;
import dev.ninepin.testing.RemoteChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.Random;

/** A share of a {@link ForgettingServer}, and an open file of which the test knows the contents. For one thread. */
final class ForgettingShare implements AutoCloseable {
    static final int BLOCK = 4096;

    private static final ByteString NAME = ByteString.of("file");

    final Cuts cuts = new Cuts();
    final ForgettingServer server = new ForgettingServer(NAME, new byte[60]);
    final Random random;
    final Share share;
    final long node;
    final long handle;

    /** The contents of the file as the programs wrote them. */
    byte[] expected = new byte[60];

    /** @param isRemote whether the server may run on another host */
    ForgettingShare(final long seed, final boolean isRemote) throws IOException {
        random = new Random(seed);
        share = Share.open(
                Session.connect(
                        () -> {
                            final Channel channel = new CuttingChannel(new AnsweringChannel(server), cuts);
                            return isRemote ? new RemoteChannel(channel) : channel;
                        },
                        SessionOptions.defaults(0)),
                new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()));
        node = share.lookup(ROOT, NAME).node();
        handle = open(OpenFlags.RDWR);
    }

    @Override
    public void close() throws IOException {
        share.release(handle);
        share.close();
        assertThat(share.session().status().tagsUsed()).isZero();
    }

    long open(final int flags) throws IOException {
        return share.open(node, flags, new NoKernelCache());
    }

    /** Writes random bytes. */
    void write(final long over, final int offset, final int count, final int flags) throws IOException {
        final byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        final ByteBuffer direct = ByteBuffer.allocateDirect(count).put(bytes).flip();
        assertThat(share.write(over, offset, direct, flags)).isEqualTo(count);
        // The memory is FUSE's, and the next request overwrites it.
        direct.clear().put(new byte[count]);
        expected = Arrays.copyOf(expected, Math.max(expected.length, offset + count));
        System.arraycopy(bytes, 0, expected, offset, count);
    }

    void write(final int offset, final int count) throws IOException {
        write(handle, offset, count, OpenFlags.RDWR);
    }

    void truncate(final int size) throws IOException {
        share.setattr(node, AttributeChange.size(size));
        expected = Arrays.copyOf(expected, size);
    }

    void fsync() throws IOException {
        share.fsync(handle, false);
    }

    /** Waits for the writes, and then for another connection. */
    void reconnect() throws IOException {
        share.flush(handle, 1);
        final int made = cuts.made();
        cuts.plan(Tstatfs.class, Cuts.Moment.BEFORE_ARRIVAL);
        share.statfs(ROOT);
        assertThat(cuts.made()).isEqualTo(made + 1);
    }
}
