package dev.ninepin.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Tests of removals that fail. */
class EndingsTest {
    private static final ShareOptions OPTIONS =
            new ShareOptions(CacheMode.NONE, OptionalInt.empty(), OptionalInt.empty());

    @Test
    void aFileWhoseRemovalFailsInAnyWayKeepsItsFileId() throws IOException {
        try (Session session = Session.connect(new AnsweringChannel(new LyingServer()), SessionOptions.defaults(0))) {
            final Inodes inodes = new Inodes(session.fids(), 100);
            final FilePaths paths = new FilePaths(
                    session.fids(), inodes, new FileMoves(), new PathChecks(session, inodes, CacheMode.NONE));
            final AttributeReader attributes = new AttributeReader(session, inodes, paths, OPTIONS, new AtomicLong());
            final Qid qid = new Qid(Qid.DIR, 0, 7);
            final Inode inode = inodes.made(inodes.root(), ByteString.of("directory"), qid, Identity.NEW);

            assertThatThrownBy(() -> new Endings(inodes, paths, attributes).end(inode, () -> {
                        throw new IllegalStateException("a bug");
                    }))
                    .hasMessage("a bug");

            assertThat(inodes.alike(inodes.root(), ByteString.of("moved"), qid)).containsExactly(inode);
        }
    }
}
