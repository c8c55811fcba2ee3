package dev.ninepin.fuse;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static java.nio.file.attribute.PosixFilePermission.OWNER_READ;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.fuse.mount.FuseOptions;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.share.Share;
import dev.ninepin.share.file.OpenFiles;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.RoundTripChannel;
import dev.ninepin.testing.ServerKind;
import dev.ninepin.testing.SessionFixture;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests of how many round trips a system call waits for, one after the other, and how many messages it sends, with
 * {@code cache=open}. The table in {@code docs/performance.md} shows the same numbers.
 */
@OnServer(ServerKind.DIOD_UNIX)
class RoundTripsTest extends SessionFixture {
    /** How often a call is counted. What expires in between only adds round trips, so the least count holds. */
    private static final int COUNTS = 5;

    /** The number of files in a listed directory. */
    private static final int ENTRIES = 1000;

    /** How many writes a row has that are sent together. */
    private static final int MANY = 100;

    /** The sizes of writes, in bytes. */
    private static final int SMALL = 100;

    private static final int BLOCK = 4096;

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
                        "chmod of a known file",
                        1,
                        1,
                        RoundTripsTest::makeKnownFile,
                        (test, path) -> Files.setPosixFilePermissions(path, Set.of(OWNER_READ))),
                new Row(
                        "unlink of a known file",
                        1,
                        1,
                        RoundTripsTest::makeKnownFile,
                        (test, path) -> Files.delete(path)),
                new Row(
                        "rmdir of a known directory",
                        2,
                        3,
                        RoundTripsTest::makeKnownEmptyDirectory,
                        (test, path) -> Files.delete(path)),
                new Row(
                        "rename of a known file to a name known to be missing",
                        2,
                        3,
                        (test, path) -> {
                            test.makeKnownFile(path);
                            test.requireMissing(path.resolveSibling(path.getFileName() + "new"));
                        },
                        (test, path) -> Files.move(path, path.resolveSibling(path.getFileName() + "new"), ATOMIC_MOVE)),
                new Row(
                        "create and close, O_EXCL",
                        2,
                        4,
                        RoundTripsTest::createTwoBefore,
                        (test, path) -> test.create(path, CREATE_NEW)),
                new Row(
                        "create and close, known to be missing",
                        1,
                        3,
                        (test, path) -> {
                            test.createTwoBefore(path);
                            test.requireMissing(path);
                        },
                        (test, path) -> test.create(path, CREATE)),
                new Row(
                        "create, write 100 bytes and close, known to be missing",
                        2,
                        4,
                        (test, path) -> {
                            test.write(path.resolveSibling(path.getFileName() + "before"), 1, SMALL);
                            test.requireMissing(path);
                        },
                        (test, path) -> test.write(path, 1, SMALL)),
                new Row(
                        "create, write 100 times 4 KiB and close, known to be missing",
                        2,
                        11,
                        (test, path) -> {
                            test.write(path.resolveSibling(path.getFileName() + "before"), 1, BLOCK);
                            test.requireMissing(path);
                        },
                        (test, path) -> test.write(path, MANY, BLOCK)),
                new Row(
                        "create, append 100 times 100 bytes and close, known to be missing",
                        3,
                        5,
                        (test, path) -> {
                            test.write(path.resolveSibling(path.getFileName() + "before"), 1, SMALL, APPEND);
                            test.requireMissing(path);
                        },
                        (test, path) -> test.write(path, MANY, SMALL, APPEND)),
                new Row(
                        "open and close a known file",
                        2,
                        5,
                        RoundTripsTest::makeKnownFile,
                        (test, path) -> test.read(path, 0)),
                new Row(
                        "open and close a known file, again",
                        1,
                        5,
                        (test, path) -> {
                            test.makeKnownFile(path);
                            test.read(path, 0);
                            test.read(path, 0);
                        },
                        (test, path) -> test.read(path, 0)),
                new Row(
                        "open, read 100 bytes and close a file never seen",
                        5,
                        8,
                        (test, path) -> Files.write(test.there(path), new byte[100]),
                        (test, path) -> test.read(path, 100)),
                new Row(
                        "open, read 100 bytes and close a known file",
                        3,
                        6,
                        RoundTripsTest::makeKnownFileOf100Bytes,
                        (test, path) -> test.read(path, 100)),
                new Row(
                        "open, read 100 bytes and close a known file, opened twice before",
                        2,
                        6,
                        (test, path) -> {
                            test.makeKnownFileOf100Bytes(path);
                            test.read(path, 0);
                            test.read(path, 0);
                        },
                        (test, path) -> test.read(path, 100)),
                new Row(
                        "open, read 100 bytes and close a known file, again",
                        1,
                        5,
                        (test, path) -> {
                            test.makeKnownFileOf100Bytes(path);
                            test.awaitKeptPages(path);
                            // So the name was looked up just now.
                            test.awaitExpiry(path);
                            test.stat(path);
                        },
                        (test, path) -> test.read(path, 100)),
                new Row(
                        "names of a directory of 1,000",
                        5,
                        134,
                        RoundTripsTest::makeKnownDirectory,
                        (test, path) -> test.listNames(path)),
                new Row(
                        "names of a directory of 1,000, unchanged",
                        1,
                        1,
                        RoundTripsTest::makeListedDirectory,
                        (test, path) -> test.listNames(path)),
                new Row(
                        "names of a directory of 1,000, changed by this mount",
                        4,
                        6,
                        (test, path) -> {
                            test.makeListedDirectory(path);
                            test.create(path.resolve("passing"), CREATE_NEW);
                            Files.delete(path.resolve("passing"));
                            test.stat(path);
                        },
                        (test, path) -> test.listNames(path)),
                new Row(
                        "names of a directory of 1,000, changed by another client",
                        5,
                        6,
                        (test, path) -> {
                            test.makeListedDirectory(path);
                            Files.delete(Files.createFile(test.there(path).resolve("passing")));
                        },
                        (test, path) -> test.listNames(path)),
                new Row(
                        "names and attributes of a directory of 1,000, unchanged",
                        1,
                        1,
                        RoundTripsTest::makeListedDirectory,
                        (test, path) -> test.listWithAttributes(path)));
    }

    /** How many round trips these calls wait for depends on the size of the kernel's requests. */
    @Test
    void aListingWithAttributesSendsNoMoreThanItMust() throws IOException {
        int cold = Integer.MAX_VALUE;
        int expired = Integer.MAX_VALUE;
        for (int n = 0; n < COUNTS; n++) {
            final Path path = root.resolve("cold" + n);
            makeKnownDirectory(path);
            cold = Math.min(cold, messagesOfListing(path));
            final Path listed = root.resolve("listed" + n);
            makeListedDirectory(listed);
            awaitExpiry(listed);
            stat(listed);
            expired = Math.min(expired, messagesOfListing(listed));
        }
        assertThat(cold).isEqualTo(6 + 2 * ENTRIES);
        assertThat(expired).isEqualTo(1 + ENTRIES);
    }

    private int messagesOfListing(final Path path) throws IOException {
        final Row listing = new Row("", 0, 0, (test, unused) -> {}, (test, listed) -> test.listWithAttributes(listed));
        return count(listing, path).sent().size();
    }

    @BeforeEach
    void mountShare() throws IOException {
        mountShare(new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()));
    }

    private void mountShare(final ShareOptions shareOptions) throws IOException {
        root = Files.createTempDirectory(Mounted.PREFIX).toRealPath();
        counter = new RoundTripChannel(server.connect(options().msize()));
        mounted = Session.connect(counter, options());
        share = Share.open(mounted, shareOptions);
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

    /** A write that waits has been answered when write(2) returns; another one has only been sent. */
    @ParameterizedTest
    @CsvSource({"true,0", "false,1"})
    void aWriteWaitsForTheServerUnlessItMayBeBehind(final boolean behind, final int roundTrips) throws IOException {
        unmountShare();
        mountShare(new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()).withWritesBehind(behind));
        try (FileChannel file = FileChannel.open(root.resolve("file"), WRITE, CREATE)) {
            // Proves that the server takes writes of this size, and so waits in any case.
            assertThat(file.write(ByteBuffer.allocate(100))).isEqualTo(100);
            awaitIdle(1);
            counter.begin(this::isWaiting);
            assertThat(file.write(ByteBuffer.allocate(100))).isEqualTo(100);
            final RoundTripChannel.Count count = counter.end();
            assertThat(count.sent()).containsExactly("Twrite");
            assertThat(count.roundTrips()).isEqualTo(roundTrips);
        } finally {
            counter.end();
        }
    }

    private RoundTripChannel.Count count(final Row row, final Path path) throws IOException {
        row.preparation().run(this, path);
        awaitIdle();
        counter.begin(this::isWaiting);
        try {
            row.call().run(this, path);
            counter.endRoundTrips();
            awaitIdle();
            return counter.end();
        } finally {
            counter.end();
        }
    }

    /**
     * Returns whether each request of the kernel waits for a reply of the server that is held back, and a program for one
     * of these requests: it does not wait for a RELEASE.
     *
     * @param held the tags of the replies
     */
    private boolean isWaiting(final Set<Integer> held) {
        final int requests = mount.status().requestsInProgress();
        final List<Thread> waiting = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("ninepin-"))
                .filter(thread -> LockSupport.getBlocker(thread) instanceof Call<?> call && held.contains(call.tag()))
                .toList();
        return waiting.size() == requests
                && waiting.stream().anyMatch(thread -> !isInside(thread.getStackTrace(), OpenFiles.class, "release"));
    }

    private static boolean isInside(final StackTraceElement[] stack, final Class<?> type, final String methods) {
        return Arrays.stream(stack)
                .anyMatch(frame -> frame.getClassName().equals(type.getName())
                        && frame.getMethodName().startsWith(methods));
    }

    /** Blocks until nothing is in progress, and the kernel has released what was opened. */
    private void awaitIdle() {
        awaitIdle(0);
    }

    /** @param open the number of files that stay open */
    private void awaitIdle(final int open) {
        await().pollInSameThread()
                .until(() -> mount.status().requestsInProgress() == 0
                        && mounted.status().tagsUsed() == 0
                        && requests("open", "create") == requests("release") + open
                        && requests("opendir") == requests("releasedir"));
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

    /** Creates two files in the directory: the fid for the next file is then made ahead. */
    private void createTwoBefore(final Path path) throws IOException {
        create(path.resolveSibling(path.getFileName() + "before1"), CREATE_NEW);
        create(path.resolveSibling(path.getFileName() + "before2"), CREATE_NEW);
    }

    private void makeKnownEmptyDirectory(final Path path) throws IOException {
        Files.createDirectory(there(path));
        stat(path);
    }

    private void makeKnownFileOf100Bytes(final Path path) throws IOException {
        Files.write(there(path), new byte[100]);
        stat(path);
    }

    /** Reads a file until the kernel keeps its pages from one open to the next. */
    private void awaitKeptPages(final Path path) {
        await().pollInSameThread().until(() -> {
            awaitIdle();
            final long reads = requests("read");
            read(path, 100);
            awaitIdle();
            return requests("read") == reads;
        });
    }

    private void read(final Path path, final int count) throws IOException {
        try (FileChannel file = FileChannel.open(path, READ)) {
            if (count > 0) {
                assertThat(file.read(ByteBuffer.allocate(count))).isEqualTo(count);
            }
        }
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

    private void makeKnownDirectory(final Path path) throws IOException {
        Files.createDirectory(there(path));
        for (int i = 0; i < ENTRIES; i++) {
            Files.createFile(there(path).resolve("file" + i));
        }
        stat(path);
    }

    /** Makes a directory, and lists it until its listing is remembered and its attributes are known. */
    private void makeListedDirectory(final Path path) throws IOException {
        makeKnownDirectory(path);
        listWithAttributes(path);
        await().pollInSameThread().until(() -> {
            final long before = messages("Treaddir");
            listWithAttributes(path);
            return messages("Treaddir") == before;
        });
        stat(path);
    }

    private long messages(final String name) {
        return mounted.status().messages().stream()
                .filter(message -> message.name().equals(name))
                .mapToLong(message -> message.count())
                .sum();
    }

    private void listNames(final Path path) throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            assertThat(files).hasSize(ENTRIES);
        }
    }

    private void listWithAttributes(final Path path) throws IOException {
        int count = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(path)) {
            for (final Path file : files) {
                stat(file);
                count++;
            }
        }
        assertThat(count).isEqualTo(ENTRIES);
    }

    private void stat(final Path path) throws IOException {
        final Map<String, Object> attributes = Files.readAttributes(path, "unix:ino", NOFOLLOW_LINKS);
        assertThat(attributes).containsKey("ino");
    }

    private void requireMissing(final Path path) {
        assertThat(Files.notExists(path, NOFOLLOW_LINKS)).isTrue();
    }

    /** Creates a file, writes {@code count} times {@code size} bytes in a row, and closes it. */
    private void write(final Path path, final int count, final int size, final OpenOption... options)
            throws IOException {
        final Set<OpenOption> all = new HashSet<>(Set.of(options));
        all.addAll(Set.of(WRITE, CREATE));
        try (FileChannel file = FileChannel.open(path, all)) {
            for (int i = 0; i < count; i++) {
                assertThat(file.write(ByteBuffer.allocate(size))).isEqualTo(size);
            }
        }
    }

    private void create(final Path path, final OpenOption how) throws IOException {
        FileChannel.open(path, Set.of(WRITE, how)).close();
    }
}
