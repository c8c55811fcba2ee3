package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.testing.LyingServer.S_IFDIR;
import static dev.ninepin.testing.LyingServer.S_IFREG;
import static dev.ninepin.testing.SessionFixture.name;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Errno;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Tstatfs;
import dev.ninepin.p9.Twalk;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Tests of lookups of many names while other threads change what the names lead to. */
class ListingDuringChangesTest {
    /** More than are looked up at once. */
    private static final int FILES = 100;

    private static final String LAST = "x" + (FILES - 1);

    private final LyingServer server = new LyingServer();

    /** The reply to the first of the walks, until the server gets a Tstatfs. */
    private final List<ByteBuffer> held = new ArrayList<>();

    /** A fid of diod is a path: after a rename, it leads to what has the path then. */
    @Test
    void aWalkFromTheOldPathOfADirectoryGivesNoFidThatIsTrusted() throws Exception {
        for (final String directory : List.of("a", "a/d", "b", "b/d")) {
            server.put(directory, S_IFDIR | 0755);
        }
        final List<Dirent> names = new ArrayList<>();
        for (int i = 0; i < FILES; i++) {
            final Qid file = server.put("a/d/x" + i, S_IFREG | 0644);
            names.add(new Dirent(file, i + 1, 0, name("x" + i)));
        }
        final Qid other = server.put("b/d/" + LAST, S_IFREG | 0644);
        final Share share = open();
        final long directory =
                share.lookup(share.lookup(ROOT, name("a")).node(), name("d")).node();
        share.lookup(ROOT, name("b"));

        final Entry last;
        try (BackgroundCall<List<Optional<Entry>>> lookups =
                BackgroundCall.start("lookups", () -> share.lookupAll(directory, names, System.nanoTime()))) {
            lookups.awaitInside("awaitAnswer");
            share.rename(ROOT, name("a"), ROOT, name("old"));
            share.rename(ROOT, name("b"), ROOT, name("a"));
            server.put("old/d/" + LAST, other, S_IFREG | 0644);
            share.statfs(ROOT);
            last = lookups.result().get(FILES - 1).orElseThrow();
        }
        server.put("old/d/" + LAST, names.get(FILES - 1).qid(), S_IFREG | 0644);

        assertThat(last.attributes().ino()).isEqualTo(other.path());
        ShareFixture.assertErrno(Errno.ESTALE, () -> share.open(last.node(), OpenFlags.WRONLY, ShareFixture.NO_KERNEL));
        share.close();
    }

    /** The attributes of one file were recent when the lookups began, and this mount has changed them since. */
    @Test
    void attributesThatChangeDuringTheLookupsAreNotShown() throws Exception {
        final Dirent slow = new Dirent(server.put("x0", S_IFREG | 0644), 1, 0, name("x0"));
        final Dirent recent = new Dirent(server.put("recent", S_IFREG | 0644), 2, 0, name("recent"));
        final Share share = open();
        final Entry before =
                share.lookupAll(ROOT, List.of(recent), System.nanoTime()).get(0).orElseThrow();

        try (BackgroundCall<List<Optional<Entry>>> lookups = BackgroundCall.start(
                "lookups", () -> share.lookupAll(ROOT, List.of(slow, recent), System.nanoTime()))) {
            lookups.awaitInside("awaitAnswer");
            server.lie(
                    Tgetattr.class,
                    (request, truth) ->
                            truth instanceof Rgetattr reply && reply.qid().equals(recent.qid())
                                    ? LyingServer.attributes(recent.qid(), S_IFREG | 0600, 0, 1, 4096)
                                    : truth);
            share.setattr(before.node(), ShareFixture.mode(0600));
            share.statfs(ROOT);

            assertThat(lookups.result().get(0)).isPresent();
            assertThat(lookups.result().get(1).map(entry -> entry.attributes().mode()))
                    .isNotEqualTo(Optional.of(before.attributes().mode()));
        }
        share.close();
    }

    /** The kernel must not believe an answer for longer because the lookups of other names took long. */
    @Test
    void anAnswerIsAsOldAsItsRequest() throws Exception {
        final List<Dirent> names = List.of(
                new Dirent(server.put("x0", S_IFREG | 0644), 1, 0, name("x0")),
                new Dirent(server.put("early", S_IFREG | 0644), 2, 0, name("early")));
        final Share share = open();

        try (BackgroundCall<List<Optional<Entry>>> lookups =
                BackgroundCall.start("lookups", () -> share.lookupAll(ROOT, names, System.nanoTime()))) {
            lookups.awaitInside("awaitAnswer");
            final long sentUntil = System.nanoTime();
            share.statfs(ROOT);
            final long released = System.nanoTime();

            for (final Optional<Entry> each : lookups.result()) {
                assertThat(each.orElseThrow().ageNanos()).isGreaterThanOrEqualTo(released - sentUntil);
            }
        }
        share.close();
    }

    private Share open() throws IOException {
        return Share.open(
                Session.connect(new AnsweringChannel(this::answer), SessionOptions.defaults(0)),
                new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()));
    }

    private List<ByteBuffer> answer(final int tag, final Tmessage request) {
        final List<ByteBuffer> replies = new ArrayList<>(server.answer(tag, request));
        if (request instanceof Twalk walk && walk.names().equals(List.of(name("x0")))) {
            held.addAll(replies);
            return List.of();
        } else if (request instanceof Tstatfs) {
            replies.addAll(held);
            held.clear();
        }
        return replies;
    }
}
