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
import dev.ninepin.share.path.SharedState;
import dev.ninepin.share.path.UserView;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Tests of removals that fail. */
class NameRemovalTest {
    private static final ShareOptions OPTIONS =
            new ShareOptions(CacheMode.NONE, OptionalInt.empty(), OptionalInt.empty());

    @Test
    void aFileWhoseRemovalFailsInAnyWayKeepsItsFileId() throws IOException {
        try (Session session = Session.connect(new AnsweringChannel(new LyingServer()), SessionOptions.defaults(0))) {
            final UserView view = new UserView(new SharedState(session, OPTIONS), session.fids());
            final Inodes inodes = view.inodes();
            final Qid qid = new Qid(Qid.DIR, 0, 7);
            final Inode inode = inodes.recordCreated(inodes.root(), ByteString.of("directory"), qid, Identity.NEW);

            assertThatThrownBy(() -> new NameRemoval(view, new AttributeReader(view)).removeName(inode, () -> {
                        throw new IllegalStateException("a bug");
                    }))
                    .hasMessage("a bug");

            assertThat(inodes.withSameId(inodes.root(), ByteString.of("moved"), qid))
                    .containsExactly(inode);
        }
    }
}
