package dev.ninepin.share.dir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.inode.Identity;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ListingsTest {
    private static final int USER = 1;
    private static final int OTHER_USER = 2;
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final long MOST_BYTES = 16 << 20;

    private final Listings listings = new Listings();
    private final List<Dirent> entries = List.of(entry("a"), entry("b"));
    private Session session;
    private Inodes inodes;
    private Inode directory;
    private long last;

    @BeforeEach
    void connect() throws IOException {
        session = Session.connect(new AnsweringChannel(new LyingServer()), SessionOptions.defaults(0));
        inodes = new Inodes(session.fids(), 1000);
        directory = newDirectory();
    }

    @AfterEach
    void disconnect() {
        session.close();
    }

    @Test
    void aListingIsFoundAgainWhileTheDirectoryHasItsVersion() {
        remember(directory, USER, old(1), entries);

        assertThat(listings.has(directory, USER)).isTrue();
        assertThat(listings.find(directory, USER, old(1))).contains(entries);
        assertThat(listings.find(directory, USER, old(1))).contains(entries);
        assertThat(listings.find(newDirectory(), USER, old(1))).isEmpty();
    }

    @Test
    void anotherVersionEndsIt() {
        remember(directory, USER, old(1), entries);

        assertThat(listings.find(directory, USER, old(2))).isEmpty();
        assertThat(listings.has(directory, USER)).isFalse();
        assertThat(listings.find(directory, USER, old(1))).isEmpty();
        assertThat(listings.bytes()).isZero();
    }

    @Test
    void aChangeOfThisMountEndsIt() {
        remember(directory, USER, old(1), entries);
        directory.noteChange();

        assertThat(listings.has(directory, USER)).isFalse();
        assertThat(listings.find(directory, USER, old(1))).isEmpty();
    }

    @Test
    void aChangeOfThisMountDuringTheListingPreventsIt() {
        final Recording recording = record(directory, USER, old(1));
        directory.noteChange();
        assertThat(recording.add(entries)).isTrue();
        recording.keep();

        assertThat(listings.has(directory, USER)).isFalse();
    }

    @Test
    void anotherUserDoesNotGetIt() {
        remember(directory, USER, old(1), entries);

        assertThat(listings.has(directory, OTHER_USER)).isFalse();
        assertThat(listings.find(directory, OTHER_USER, old(1))).isEmpty();
        assertThat(listings.find(directory, USER, old(1))).contains(entries);
    }

    /** A later change in the same tick would give the directory the same version. */
    @Test
    void aVersionWhoseTickIsNotOverIsNotRecorded() {
        final Rgetattr now = version(1, Instant.now().getEpochSecond(), 5);
        final long begun = System.nanoTime();

        assertThat(listings.record(directory, USER, now, begun)).isEmpty();
        assertThat(listings.record(directory, USER, now, begun)).isEmpty();
        assertThat(listings.record(directory, USER, now, System.nanoTime() + SECOND))
                .isPresent();
    }

    /** This host's clock may be far ahead of the server's. */
    @Test
    void aVersionThatLooksOldIsNotRecordedBeforeATickHasPassed() {
        final long begun = System.nanoTime();

        assertThat(listings.record(directory, USER, old(1), begun)).isEmpty();
        assertThat(listings.record(directory, USER, old(1), System.nanoTime() + SECOND))
                .isPresent();
        assertThat(listings.record(directory, USER, old(2), System.nanoTime())).isEmpty();
    }

    /** The file system counts whole seconds. */
    @Test
    void aTickMayTakeTwoSeconds() {
        final Rgetattr now = version(1, Instant.now().getEpochSecond(), 0);
        final long begun = System.nanoTime();

        assertThat(listings.record(directory, USER, now, begun)).isEmpty();
        assertThat(listings.record(directory, USER, now, begun + SECOND)).isEmpty();
        assertThat(listings.record(directory, USER, now, System.nanoTime() + 2 * SECOND))
                .isPresent();
    }

    @Test
    void aServerThatKeepsNoTimesIsNotBelieved() {
        assertThat(listings.record(directory, USER, version(1, 0, 0), System.nanoTime()))
                .isEmpty();
    }

    @Test
    void theMemoryIsBoundedAndTheListingNotUsedForLongestGoes() {
        final List<Dirent> large = entries(20_000);
        final List<Inode> directories = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            directories.add(newDirectory());
            remember(directories.get(i), USER, old(1), large);
            // The first one is used again and again.
            assertThat(listings.find(directories.get(0), USER, old(1))).contains(large);
            assertThat(listings.bytes()).isLessThanOrEqualTo(MOST_BYTES);
        }
        assertThat(listings.has(directories.get(1), USER)).isFalse();
        assertThat(listings.has(directories.get(29), USER)).isTrue();
    }

    @Test
    void aListingThatIsTooLargeIsNotRecorded() {
        final List<Dirent> page = entries(10_000);
        final Recording recording = record(directory, USER, old(1));
        int pages = 0;
        while (recording.add(page)) {
            pages++;
            assertThat(listings.bytes()).isLessThanOrEqualTo(MOST_BYTES);
        }
        recording.drop();

        assertThat(pages).isBetween(5, 20);
        assertThat(listings.has(directory, USER)).isFalse();
        remember(directory, USER, old(1), entries);
        assertThat(listings.has(directory, USER)).isTrue();
    }

    private void remember(final Inode of, final int user, final Rgetattr version, final List<Dirent> listed) {
        final Recording recording = record(of, user, version);
        assertThat(recording.add(listed)).isTrue();
        recording.keep();
    }

    /** Begins to record a listing once the tick of the version is over. */
    private Recording record(final Inode of, final int user, final Rgetattr version) {
        return await().pollInSameThread()
                .pollInterval(Duration.ofMillis(5))
                .until(() -> listings.record(of, user, version, System.nanoTime()), Optional::isPresent)
                .orElseThrow();
    }

    private Inode newDirectory() {
        last++;
        final ByteString name = ByteString.of("directory" + last);
        return inodes.recordCreated(inodes.root(), name, new Qid(Qid.DIR, 0, 100 + last), Identity.NEW);
    }

    private static List<Dirent> entries(final int count) {
        return IntStream.range(0, count).mapToObj(i -> entry("name" + i)).toList();
    }

    private static Dirent entry(final String name) {
        return new Dirent(new Qid(0, 0, 1), 1, 8, ByteString.of(name));
    }

    /** Returns attributes with times long ago. */
    private static Rgetattr old(final long size) {
        return version(size, 1_000_000, 5);
    }

    private static Rgetattr version(final long size, final long seconds, final long nanos) {
        return new Rgetattr(
                AttrMask.BASIC,
                new Qid(Qid.DIR, 0, 5),
                0040755,
                0,
                0,
                2,
                0,
                size,
                4096,
                0,
                0,
                0,
                seconds,
                nanos,
                seconds,
                nanos,
                0,
                0,
                0,
                0);
    }
}
