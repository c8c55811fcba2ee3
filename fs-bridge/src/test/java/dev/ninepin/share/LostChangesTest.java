package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.share.ShareFixture.assertErrno;
import static dev.ninepin.testing.LyingServer.S_IFREG;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Errno;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Tlink;
import dev.ninepin.p9.Tunlinkat;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.Cuts;
import dev.ninepin.testing.CuttingChannel;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests of changes of names whose answer is lost, while another client changes the same names. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LostChangesTest {
    private static final ByteString NAME = ByteString.of("file");

    private final LyingServer server = new LyingServer();
    private final Cuts cuts = new Cuts();
    private Share share;
    private Qid qid;
    private long node;

    @BeforeEach
    void open() throws IOException {
        qid = server.put(NAME.toString(), S_IFREG | 0644, new byte[60]);
        share = Share.open(
                Session.connect(
                        () -> new CuttingChannel(new AnsweringChannel(server), cuts), SessionOptions.defaults(0)),
                new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()));
        node = share.lookup(ROOT, NAME).node();
    }

    @AfterEach
    void close() {
        share.close();
        assertThat(share.session().status().tagsUsed()).isZero();
    }

    @Test
    void aLinkWhoseNameWasTakenIsNotTakenForDone() {
        final ByteString other = ByteString.of("other");
        server.put(other.toString(), qid, S_IFREG | 0644, new byte[60]);
        cuts.plan(Tlink.class, Cuts.Moment.BEFORE_ANSWER);
        assertErrno(Errno.EIO, () -> share.link(node, ROOT, other));
        assertErrno(Errno.EEXIST, () -> share.link(node, ROOT, other));
    }

    @Test
    void aNewFileWithTheNumberOfTheRemovedOneIsNotRemoved() throws Exception {
        server.lie(Tunlinkat.class, (request, truth) -> {
            server.tellTheTruth();
            server.put(NAME.toString(), qid, S_IFREG | 0644, new byte[70]);
            return truth;
        });
        cuts.plan(Tunlinkat.class, Cuts.Moment.BEFORE_ANSWER);
        assertErrno(Errno.EIO, () -> share.unlink(ROOT, NAME));
        assertThat(share.lookup(ROOT, NAME).attributes().size()).isEqualTo(70);
    }

    @Test
    void aRemovalThatDidNotArriveIsSentAgain() throws Exception {
        cuts.plan(Tunlinkat.class, Cuts.Moment.BEFORE_ARRIVAL);
        share.unlink(ROOT, NAME);
        assertErrno(Errno.ENOENT, () -> share.lookup(ROOT, NAME));
    }
}
