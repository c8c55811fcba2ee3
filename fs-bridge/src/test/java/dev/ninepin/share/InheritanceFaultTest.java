package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.testing.LyingServer.S_IFREG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Created;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Message;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.Rread;
import dev.ninepin.p9.Rxattrwalk;
import dev.ninepin.p9.Tread;
import dev.ninepin.p9.Txattrcreate;
import dev.ninepin.p9.Txattrwalk;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.share.id.PosixAcl;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.share.xattr.Inheritance;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalInt;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of new files in a directory whose default ACL cannot be read, or cannot be applied. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InheritanceFaultTest {
    private static final int EROFS = 30;
    private static final KernelCache NO_KERNEL = new NoKernelCache();

    /** u::rwx, u:1234:rwx, g::---, m::rwx, o::---. */
    private static final byte[] ACL = new PosixAcl(List.of(
                    new PosixAcl.Entry(1, 7, -1),
                    new PosixAcl.Entry(2, 7, 1234),
                    new PosixAcl.Entry(4, 0, -1),
                    new PosixAcl.Entry(0x10, 7, -1),
                    new PosixAcl.Entry(0x20, 0, -1)))
            .toBytes();

    private final Caller me = new Caller(0, 0, 022);
    private final LyingServer server = new LyingServer();
    private Share share;

    @BeforeEach
    void open() throws IOException {
        share = Share.open(
                Session.connect(new AnsweringChannel(server), SessionOptions.defaults(0)),
                new ShareOptions(CacheMode.NONE, OptionalInt.empty(), OptionalInt.empty()));
    }

    @AfterEach
    void nothingIsLeft() {
        share.close();
        assertThat(share.session().fids().used()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.EIO, Errno.EACCES, Errno.EPERM, Errno.EAGAIN, Errno.ERANGE})
    void nothingIsMadeWhereTheServerFailsToSayWhetherThereIsADefaultAcl(final int errno) {
        server.lie(Txattrwalk.class, (request, truth) -> new Rlerror(errno));

        assertNothingIsMade(errno);
    }

    @Test
    void nothingIsMadeWhereTheDefaultAclIsNone() throws IOException {
        giveDefaultAcl(new byte[] {2, 0, 0, 0, 1});

        assertNothingIsMade(Errno.EIO);
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.ENODATA, Errno.EOPNOTSUPP, Errno.ENOSYS})
    void theUmaskCountsWhereThereIsNone(final int errno) throws IOException {
        server.lie(Txattrwalk.class, (request, truth) -> new Rlerror(errno));

        share.forget(share.mkdir(me, ROOT, name("directory"), 0777).node(), 1);
        create();

        assertThat(exists("directory")).isTrue();
        assertThat(exists("file")).isTrue();
    }

    /** Without its ACL, the file's group would get the permissions of the ACL's mask. */
    @ParameterizedTest
    @ValueSource(ints = {Errno.EIO, Errno.EACCES, Errno.EOPNOTSUPP, EROFS})
    void whatCannotGetItsAclIsRemoved(final int errno) throws IOException {
        giveDefaultAcl(ACL);
        server.lie(Txattrcreate.class, (request, truth) -> new Rlerror(errno));

        assertNothingIsMade(errno);
    }

    private void assertNothingIsMade(final int errno) {
        assertErrno(errno, () -> share.mkdir(me, ROOT, name("directory"), 0777));
        assertErrno(errno, this::create);
        server.tellTheTruth();
        assertThat(exists("directory")).isFalse();
        assertThat(exists("file")).isFalse();
    }

    /** Gives the root, and no other directory, a default ACL. */
    private void giveDefaultAcl(final byte[] value) throws IOException {
        final int root = rootFid();
        server.lie(Txattrwalk.class, (request, truth) -> {
            final Txattrwalk walk = (Txattrwalk) request;
            final boolean isThere = walk.fid() == root && walk.name().equals(Inheritance.DEFAULT);
            return isThere ? new Rxattrwalk(value.length) : truth;
        });
        server.lie(Tread.class, (request, truth) -> part(value, (Tread) request));
    }

    private int rootFid() throws IOException {
        try (FidTable.Lease root =
                share.session().fids().lease(share.session().fids().root())) {
            return root.fid();
        }
    }

    private static Message part(final byte[] value, final Tread read) {
        final int from = (int) Math.min(read.offset(), value.length);
        return new Rread(ByteBuffer.wrap(value, from, Math.min(read.count(), value.length - from))
                .slice());
    }

    private void create() throws IOException {
        final Created made = share.create(me, ROOT, name("file"), OpenFlags.RDWR, S_IFREG | 0666, NO_KERNEL);
        share.release(made.handle());
        share.forget(made.entry().node(), 1);
    }

    private boolean exists(final String name) {
        try {
            share.forget(share.lookup(ROOT, name(name)).node(), 1);
            return true;
        } catch (final IOException e) {
            assertThat(Errno.of(e)).isEqualTo(Errno.ENOENT);
            return false;
        }
    }

    private static ByteString name(final String text) {
        return ByteString.of(text);
    }

    private static void assertErrno(final int errno, final ThrowingCallable call) {
        assertThatThrownBy(call)
                .satisfies(e -> assertThat(Errno.of(e)).as("%s", e).isEqualTo(errno));
    }
}
