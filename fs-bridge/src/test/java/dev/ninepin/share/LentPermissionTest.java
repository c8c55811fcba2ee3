package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.share.ShareFixture.assertErrno;
import static dev.ninepin.testing.LyingServer.S_IFREG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.channel.Channel;
import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Errno;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.SetattrMask;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.p9.Tsetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.Cuts;
import dev.ninepin.testing.CuttingChannel;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests of the write permission that is lent to a file's owner, with a connection that ends meanwhile. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LentPermissionTest {
    private static final int WRITABLE = S_IFREG | 0644;
    private static final int READ_ONLY = S_IFREG | 0444;

    private final LyingServer server = new LyingServer();
    private final Cuts cuts = new Cuts();
    private final AtomicBoolean away = new AtomicBoolean();

    /** The mode of the file. */
    private final AtomicInteger mode = new AtomicInteger(WRITABLE);

    private Channel connect() throws IOException {
        if (away.get()) {
            throw new IOException("nothing listens");
        }
        return new CuttingChannel(new AnsweringChannel(server), cuts);
    }

    @Test
    void isTakenBackAfterTheServersReturn() throws Exception {
        final Qid qid = server.put("file", WRITABLE, new byte[60]);
        server.lie(
                Tgetattr.class,
                (request, truth) ->
                        truth instanceof Rgetattr attributes && attributes.qid().equals(qid)
                                ? LyingServer.attributes(qid, mode.get(), 60, 1, 4096)
                                : truth);
        final Share share = Share.open(
                Session.connect(this::connect, SessionOptions.defaults(0).withPatience(Duration.ofMillis(100))),
                new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()));
        final long node = share.lookup(ROOT, ByteString.of("file")).node();
        final long handle = share.open(node, OpenFlags.RDWR, new NoKernelCache());
        mode.set(READ_ONLY);
        server.lie(Tsetattr.class, (request, truth) -> {
            final Tsetattr change = (Tsetattr) request;
            if ((change.valid() & SetattrMask.MODE) == 0) {
                cuts.plan(Tsetattr.class, Cuts.Moment.BEFORE_ANSWER);
                return new Rlerror(Errno.EACCES);
            }
            away.set(change.mode() == WRITABLE);
            mode.set(change.mode());
            return truth;
        });

        assertErrno(Errno.ETIMEDOUT, () -> share.setattrOfOpen(handle, AttributeChange.size(1)));
        assertThat(mode).hasValue(WRITABLE);
        away.set(false);
        await().until(() -> mode.get() == READ_ONLY);
        share.release(handle);
        share.close();
        assertThat(share.session().status().tagsUsed()).isZero();
    }
}
