package dev.ninepin.share.name;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.inode.Identity;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.share.path.FileMoves;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.PathChecks;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Tests of removals that fail. */
class NameRemovalTest {
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
            final Inode inode = inodes.recordCreated(inodes.root(), ByteString.of("directory"), qid, Identity.NEW);

            assertThatThrownBy(() -> new NameRemoval(inodes, paths, attributes).removeName(inode, () -> {
                        throw new IllegalStateException("a bug");
                    }))
                    .hasMessage("a bug");

            assertThat(inodes.withSameId(inodes.root(), ByteString.of("moved"), qid))
                    .containsExactly(inode);
        }
    }
}
