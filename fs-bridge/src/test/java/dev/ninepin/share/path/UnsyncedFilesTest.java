package dev.ninepin.share.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.cache.ExpectedFile;
import dev.ninepin.share.cache.UnsyncedChanges;
import dev.ninepin.share.inode.Identity;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.LyingServer;
import dev.ninepin.testing.RemoteChannel;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class UnsyncedFilesTest {
    /** More files than fit into the memory. */
    private static final int FILES = 40_000;

    /** A directory without names. */
    private static final class EmptyDirectory implements ExpectedFile.DirectoryServer {
        @Override
        public Rgetattr attributes() {
            throw new AssertionError("no attribute was changed");
        }

        @Override
        public Optional<Qid> find(final ByteString name) {
            return Optional.empty();
        }
    }

    private static boolean isVerifiable(final Inode inode) throws IOException {
        final UnsyncedChanges.Sync sync = inode.unsynced.beginSync();
        try {
            return sync.expected().isAt(new EmptyDirectory());
        } finally {
            sync.end(false);
        }
    }

    @Test
    void theFilesThatWereNotChangedForLongCannotBeVerified() throws IOException {
        try (Session session = Session.connect(
                () -> new RemoteChannel(new AnsweringChannel(new LyingServer())), SessionOptions.defaults(0))) {
            final SharedState state = new SharedState(
                    session, new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()));
            final Inode[] files = new Inode[FILES];
            for (int i = 0; i < FILES; i++) {
                final ByteString name = ByteString.of("file" + i);
                files[i] =
                        state.inodes().recordCreated(state.inodes().root(), name, new Qid(0, 0, i + 10), Identity.NEW);
                if (i == 1) {
                    files[i].open.openedDirectory();
                }
                note(state, files[i]);
                note(state, files[0]);
            }
            assertThat(isVerifiable(files[0])).as("often changed").isTrue();
            assertThat(isVerifiable(files[1])).as("open").isTrue();
            assertThat(isVerifiable(files[2])).as("old").isFalse();
            assertThat(isVerifiable(files[FILES - 1])).as("new").isTrue();
        }
    }

    private static void note(final SharedState state, final Inode inode) {
        state.unsynced()
                .noteOverPath(inode, 0, expected -> expected.setName(ByteString.of("removed"), Optional.empty()));
    }
}
