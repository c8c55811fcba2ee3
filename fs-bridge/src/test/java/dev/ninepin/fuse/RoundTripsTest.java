package dev.ninepin.fuse;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.fuse.mount.FuseOptions;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.share.Share;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.RoundTripChannel;
import dev.ninepin.testing.ServerKind;
import dev.ninepin.testing.SessionFixture;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests of how many round trips a system call waits for, one after the other, and how many messages it sends, with
 * {@code cache=open}. The table in {@code docs/performance.md} shows the same numbers.
 */
@OnServer(ServerKind.DIOD_UNIX)
class RoundTripsTest extends SessionFixture {
    /** How often a call is counted. What expires in between only adds round trips, so the least count holds. */
    private static final int COUNTS = 5;

    private RoundTripChannel counter;
    private Session mounted;
    private Path root;
    private Share share;
    private FuseMount mount;

    /** A system call, or what prepares it. */
    @FunctionalInterface
    private interface Step {
        /** @param path a path in the mount whose name no earlier call has used */
        void run(RoundTripsTest test, Path path) throws IOException;
    }

    /**
     * A row of the table.
     *
     * @param roundTrips W in the documentation
     * @param messages M in the documentation
     */
    private record Row(String name, int roundTrips, int messages, Step preparation, Step call) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Row> rows() {
        return Stream.of(
                new Row("stat of a missing name", 1, 1, (test, path) -> {}, (test, path) -> test.requireMissing(path)),
                new Row(
                        "stat of a missing name, again",
                        0,
                        0,
                        (test, path) -> test.requireMissing(path),
                        (test, path) -> test.requireMissing(path)),
                new Row(
                        "stat of a file never seen",
                        2,
                        2,
                        (test, path) -> Files.createFile(test.there(path)),
                        (test, path) -> test.stat(path)),
                new Row("stat of a known file", 0, 0, RoundTripsTest::makeKnownFile, (test, path) -> test.stat(path)),
                new Row(
                        "stat of a known file, expired",
                        1,
                        3,
                        (test, path) -> {
                            test.makeKnownFile(path);
                            test.awaitExpiry(path);
                        },
                        (test, path) -> test.stat(path)),
                new Row(
                        "stat of a known file in a known directory, both expired",
                        2,
                        6,
                        (test, path) -> {
                            Files.createDirectory(test.there(path));
                            test.makeKnownFile(path.resolve("file"));
                            test.awaitExpiry(path);
                        },
                        (test, path) -> test.stat(path.resolve("file"))),
                new Row(
                        "mkdir",
                        2,
                        2,
                        (test, path) -> Files.createDirectory(path.resolveSibling(path.getFileName() + "before")),
                        (test, path) -> Files.createDirectory(path)),
                new Row(
                        "symlink",
                        2,
                        2,
                        (test, path) -> Files.createDirectory(path.resolveSibling(path.getFileName() + "before")),
                        (test, path) -> Files.createSymbolicLink(path, Path.of("target"))),
                new Row(
                        "link of a known file",
                        3,
                        3,
                        RoundTripsTest::makeKnownFile,
                        (test, path) -> Files.createLink(path.resolveSibling(path.getFileName() + "link"), path)),
                new Row(
                        "create and close, O_EXCL",
                        3,
                        4,
                        (test, path) -> Files.createDirectory(path.resolveSibling(path.getFileName() + "before")),
                        (test, path) -> test.create(path, CREATE_NEW)),
                new Row(
                        "create and close, known to be missing",
                        2,
                        3,
                        (test, path) -> {
                            Files.createDirectory(path.resolveSibling(path.getFileName() + "before"));
                            test.requireMissing(path);
                        },
                        (test, path) -> test.create(path, CREATE)),
                new Row(
                        "create, write 100 bytes and close, known to be missing",
                        3,
                        4,
                        (test, path) -> {
                            test.write(path.resolveSibling(path.getFileName() + "before"));
                            test.requireMissing(path);
                        },
                        RoundTripsTest::write));
    }

    @BeforeEach
    void mountShare() throws IOException {
        root = Files.createTempDirectory(Mounted.PREFIX).toRealPath();
        counter = new RoundTripChannel(server.connect(options().msize()));
        mounted = Session.connect(counter, options());
        share = Share.open(mounted, new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()));
        mount = FuseMount.mount(share, root, new FuseOptions("round-trips", false, false, false));
    }

    @AfterEach
    void unmountShare() throws IOException {
        mount.close();
        share.close();
        mounted.close();
        Files.delete(root);
    }

    @ParameterizedTest
    @MethodSource("rows")
    void aCallWaitsForNoMoreThanItMust(final Row row) throws IOException {
        final List<RoundTripChannel.Count> counts = new ArrayList<>();
        for (int n = 0; n < COUNTS; n++) {
            counts.add(count(row, root.resolve("name" + n)));
        }
        final RoundTripChannel.Count least = counts.stream()
                .min(Comparator.comparing(count -> count.sent().size()))
                .orElseThrow();
        assertThat(least.sent()).as("the messages of %s", row).hasSize(row.messages());
        assertThat(least.roundTrips()).as("the round trips of %s", row).isEqualTo(row.roundTrips());
    }

    private RoundTripChannel.Count count(final Row row, final Path path) throws IOException {
        row.preparation().run(this, path);
        awaitIdle();
        counter.begin(this::isWaiting);
        try {
            row.call().run(this, path);
            awaitIdle();
            return counter.end();
        } finally {
            counter.end();
        }
    }

    /** Returns whether each request of the kernel waits for a reply of the server. */
    private boolean isWaiting() {
        final int requests = mount.status().requestsInProgress();
        final long waiting = Thread.getAllStackTraces().entrySet().stream()
                .filter(thread -> thread.getKey().getName().startsWith("ninepin-"))
                .filter(thread -> Arrays.stream(thread.getValue())
                        .anyMatch(frame -> frame.getClassName().equals(Call.class.getName())
                                && frame.getMethodName().startsWith("await")))
                .count();
        return requests > 0 && waiting == requests;
    }

    /** Blocks until nothing is in progress, and the kernel has released what was opened. */
    private void awaitIdle() {
        await().pollInSameThread()
                .until(() -> mount.status().requestsInProgress() == 0
                        && mounted.status().tagsUsed() == 0
                        && requests("open", "create") == requests("release"));
    }

    private long requests(final String... kinds) {
        return mount.status().operations().stream()
                .filter(operation -> Set.of(kinds).contains(operation.name()))
                .mapToLong(operation -> operation.count())
                .sum();
    }

    /** Returns the path of a file on the server. */
    private Path there(final Path path) {
        return export.resolve(root.relativize(path));
    }

    private void makeKnownFile(final Path path) throws IOException {
        Files.createFile(there(path));
        stat(path);
    }

    /** Blocks until the kernel has forgotten names and attributes that it has received so far. */
    private void awaitExpiry(final Path path) throws IOException {
        final Path last = path.resolveSibling(path.getFileName() + "last");
        makeKnownFile(last);
        // The lookup is counted after its reply.
        awaitIdle();
        final long lookups = requests("lookup");
        await().pollInSameThread().until(() -> {
            stat(last);
            return requests("lookup") > lookups;
        });
    }

    private void stat(final Path path) throws IOException {
        final Map<String, Object> attributes = Files.readAttributes(path, "unix:ino", NOFOLLOW_LINKS);
        assertThat(attributes).containsKey("ino");
    }

    private void requireMissing(final Path path) {
        assertThat(Files.notExists(path, NOFOLLOW_LINKS)).isTrue();
    }

    private void write(final Path path) throws IOException {
        try (FileChannel file = FileChannel.open(path, WRITE, CREATE)) {
            assertThat(file.write(ByteBuffer.allocate(100))).isEqualTo(100);
        }
    }

    private void create(final Path path, final OpenOption how) throws IOException {
        FileChannel.open(path, Set.of(WRITE, how)).close();
    }
}
