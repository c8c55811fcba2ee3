package dev.ninepin.session.fid;

import static dev.ninepin.p9.AttrMask.BASIC;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Twalk;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.ServerKind;
import dev.ninepin.testing.SessionFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tests of the path fids with a real server: how many there are, and which files they lead to. */
abstract class FidTableContract extends SessionFixture {
    private static final int ENFILE = 23;
    private static final int THREADS = 8;

    /**
     * Checks after each test that the server holds exactly the fids of the session, and none after the session is
     * closed.
     */
    @AfterEach
    void theServerHoldsNoFidThatWeDoNotKnow() {
        assertFidsAgree();
        session.close();
        assertThat(channel.fidsAtLastVersion()).isEmpty();
    }

    @Test
    void noMoreFidsAreHeldThanTheLimitHoweverManyFilesAreWalked() throws Exception {
        final int files = 50_000;
        final int max = 100;
        for (int i = 0; i < 500; i++) {
            Files.createFile(export.resolve("file" + i));
        }
        connect(options().withMaxFids(max));
        final PathFid root = session.fids().root();
        final List<BackgroundCall<Integer>> walkers = new ArrayList<>();
        final AtomicLong most = new AtomicLong();
        for (int thread = 0; thread < THREADS; thread++) {
            final int start = thread;
            walkers.add(BackgroundCall.start("walker " + thread, () -> {
                int walked = 0;
                for (int i = start; i < files; i += THREADS) {
                    lookup(root, "file" + i % 500);
                    most.accumulateAndGet(channel.fids().size(), Math::max);
                    walked++;
                }
                return walked;
            }));
        }

        int walked = 0;
        for (final BackgroundCall<Integer> walker : walkers) {
            walked += walker.result();
            walker.close();
        }
        assertThat(walked).isEqualTo(files);
        // The root, plus the fid that each thread has just made, plus fids with a clunk in flight.
        assertThat(most.get()).isLessThanOrEqualTo(max + 1 + channel.maxRequests());
        assertFidsAgree();
        // The last clunks may still be in flight, because no thread waits for their answers.
        await().untilAsserted(() -> assertThat(session.fids().used()).isBetween(1, max + 1));
        assertThat(session.status().fidsMax()).isEqualTo(max);
    }

    /** nfs-ganesha answers ERANGE to each fid number from 1024 on. */
    @Test
    void moreFilesAreWalkedToThanTheServerTakesFids() throws Exception {
        connect(options());
        final List<PathFid> paths = new ArrayList<>();
        for (int i = 0; i < 1200; i++) {
            Files.write(export.resolve("file" + i), new byte[i % 7]);
            paths.add(lookup(session.fids().root(), "file" + i));
        }
        for (int i = 0; i < 1200; i++) {
            assertThat(sizeOf(paths.get(i))).isEqualTo(i % 7);
        }
        final List<Optional<FidTable.Walked>> walked = new ArrayList<>();
        try (FidTable.Lease root = session.fids().lease(session.fids().root())) {
            for (int i = 0; i < 1200; i++) {
                final Optional<PendingWalk> walk = session.fids()
                        .beginWalk(
                                root.fid(),
                                name("file" + i),
                                session.fids().moves().count());
                walked.add(walk.isPresent() ? walk.get().await() : Optional.empty());
            }
        }
        assertThat(walked).hasSize(1200);
        walked.forEach(each -> each.ifPresent(file -> session.fids().clunk(file.fid())));
        assertFidsAgree();
    }

    @Test
    void whoWantsMoreFidsThanTheServerTakesIsRefusedUntilOthersGiveTheirsBack() throws Throwable {
        Files.createFile(export.resolve("file"));
        connect(options());
        for (int i = 0; i < 900; i++) {
            Files.createFile(export.resolve("gone" + i));
            session.fids().retire(lookup(session.fids().root(), "gone" + i));
        }
        final PathFid file = lookup(session.fids().root(), "file");
        for (int i = 0; i < 400; i++) {
            Files.createFile(export.resolve("file" + i));
            lookup(session.fids().root(), "file" + i);
        }
        final List<Integer> own = new ArrayList<>();
        final ThrowingCallable takeMany = () -> {
            while (own.size() < 1100) {
                own.add(session.fids().copy(file));
            }
        };
        if (server.kind() == ServerKind.GANESHA) {
            assertThatThrownBy(takeMany).isInstanceOfSatisfying(RemoteException.class, e -> assertThat(e.errno())
                    .isEqualTo(ENFILE));
            assertThat(own).hasSizeGreaterThan(1000);
        } else {
            takeMany.call();
        }
        own.forEach(session.fids()::clunk);

        assertThat(sizeOf(file)).isZero();
        session.fids().clunk(session.fids().copy(file));
        assertFidsAgree();
    }

    @Test
    void aFidThatWasClunkedIsMadeAgainAndLeadsToTheSameFile() throws Exception {
        connect(options().withMaxFids(2));
        final List<PathFid> paths = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Files.write(export.resolve("file" + i), new byte[i]);
            paths.add(lookup(session.fids().root(), "file" + i));
        }

        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 20; i++) {
                assertThat(sizeOf(paths.get(i))).isEqualTo(i);
            }
        }
        assertThat(channel.sent(Tclunk.class)).isGreaterThan(40);
    }

    /** As with a directory that is listed again and again. The least recently used fid must not always be evicted. */
    @Test
    void manyFidsAreFoundAgainWhereALittleMoreThanTheLimitAreUsedInTurns() throws Exception {
        final int max = 100;
        connect(options().withMaxFids(max));
        final List<PathFid> paths = new ArrayList<>();
        for (int i = 0; i < max; i++) {
            Files.createFile(export.resolve("file" + i));
            paths.add(lookup(session.fids().root(), "file" + i));
        }
        final int rounds = 10;
        final int walks = channel.sent(Twalk.class);
        for (int round = 0; round < rounds; round++) {
            for (final PathFid path : paths) {
                sizeOf(path);
            }
        }
        assertThat(channel.sent(Twalk.class) - walks).isBetween(1, rounds * max * 3 / 4);
    }

    @Test
    void aFidOfTheOldPathIsNotThatOfAFileThatWasRenamedMeanwhile() throws Exception {
        Files.createFile(export.resolve("old"));
        connect(options());
        final FidTable fids = session.fids();
        final PathFid root = fids.root();
        final PathFid path = lookup(root, "old");
        final FidTable.Walked walked = fids.walk(root, ByteString.of("old"));
        Files.move(export.resolve("old"), export.resolve("new"));
        fids.setPath(path, root, ByteString.of("new"));
        Files.createFile(export.resolve("old"));

        fids.offerFid(path, root, ByteString.of("old"), walked);

        try (FidTable.Lease lease = fids.lease(path)) {
            assertThat(lease.fid()).isNotEqualTo(walked.fid());
            assertThat(qidOf(lease)).isEqualTo(inode(export.resolve("new")));
        }
    }

    @Test
    void aLimitOfNothingStillWorks() throws Exception {
        Files.createDirectories(export.resolve("a/b"));
        connect(options().withMaxFids(0));
        final PathFid a = lookup(session.fids().root(), "a");
        final PathFid b = lookup(a, "b");

        try (FidTable.Lease ofA = session.fids().lease(a);
                FidTable.Lease ofB = session.fids().lease(b)) {
            assertThat(qidOf(ofA)).isEqualTo(inode(export.resolve("a")));
            assertThat(qidOf(ofB)).isEqualTo(inode(export.resolve("a/b")));
        }
    }

    /** Users come and go, and so do their attaches. */
    @Test
    void everyUserHasFidsOfHisOwnWithinTheOneLimit() throws Exception {
        Files.createDirectories(export.resolve("a/b"));
        letOthersIn();
        connect(options().withMaxFids(3));
        final PathFid b = lookup(lookup(session.fids().root(), "a"), "b");

        final List<Integer> users = users();
        for (final int user : users) {
            final FidTable fids = session.fids().forUser(user);
            try (FidTable.Lease lease = fids.lease(b);
                    FidTable.Lease again = fids.lease(b);
                    FidTable.Lease other = session.fids().lease(b)) {
                assertThat(qidOf(lease)).isEqualTo(inode(export.resolve("a/b")));
                assertThat(again.fid()).isEqualTo(lease.fid());
                assertThat(other.fid()).isNotEqualTo(lease.fid());
            }
        }

        assertThat(attaches()).isEqualTo(users.size() + 1);
        await().untilAsserted(() -> assertThat(session.fids().used()).isLessThanOrEqualTo(3 + 1));
    }

    /** Returns the user IDs to attach as. nfs-ganesha only accepts users in this host's user database. */
    private List<Integer> users() throws IOException {
        if (server.kind() != ServerKind.GANESHA) {
            return IntStream.rangeClosed(1, 40).boxed().toList();
        }
        try (Stream<String> lines = Files.lines(Path.of("/etc/passwd"))) {
            return lines.map(line -> Integer.valueOf(line.split(":", -1)[2]))
                    .filter(user -> user > 0)
                    .toList();
        }
    }

    @Test
    void aUserWhoComesWithManyRequestsAtOnceIsAttachedOnce() throws Exception {
        Files.createFile(export.resolve("file"));
        letOthersIn();
        connect(options());
        final PathFid file = lookup(session.fids().root(), "file");

        final List<BackgroundCall<Integer>> calls = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
            calls.add(BackgroundCall.start("caller " + thread, () -> {
                try (FidTable.Lease lease = session.fids().forUser(1).lease(file)) {
                    return lease.fid();
                }
            }));
        }
        final Set<Integer> fids = new HashSet<>();
        for (final BackgroundCall<Integer> call : calls) {
            fids.add(call.result());
        }

        assertThat(fids).hasSize(1);
        assertThat(attaches()).isEqualTo(2);
    }

    @Test
    void aMovedDirectoryIsFoundByEveryUser() throws Exception {
        Files.createDirectories(export.resolve("a/b"));
        Files.createDirectory(export.resolve("elsewhere"));
        letOthersIn();
        connect(options());
        final FidTable fids = session.fids();
        final FidTable others = fids.forUser(1);
        final PathFid a = lookup(fids.root(), "a");
        final PathFid b = lookup(a, "b");
        final PathFid elsewhere = lookup(fids.root(), "elsewhere");
        others.lease(b).close();

        try (DirectoryMoves.Held move = fids.moves().beginRename()) {
            Files.move(export.resolve("a"), export.resolve("elsewhere/a"));
            fids.setPath(a, elsewhere, name("a"));
        }

        for (final FidTable each : List.of(fids, others)) {
            try (FidTable.Lease lease = each.lease(b)) {
                assertThat(qidOf(lease)).isEqualTo(inode(export.resolve("elsewhere/a/b")));
            }
        }
    }

    private long attaches() {
        return session.status().messages().stream()
                .filter(message -> message.name().equals("Tattach"))
                .mapToLong(message -> message.count())
                .sum();
    }

    /** Makes the export readable for all users, because a server that acts as a user must be able to reach it. */
    private void letOthersIn() throws IOException {
        Files.setPosixFilePermissions(export, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @Test
    void aPathThatIsOpenedAgainGetsACopyAhead() throws Exception {
        Files.createFile(export.resolve("file"));
        connect(options());
        final PathFid path = lookup(session.fids().root(), "file");

        assertThat(walksToOpen(session.fids(), path)).isEqualTo(1);
        assertThat(walksToOpen(session.fids(), path))
                .as("its own and the one ahead")
                .isEqualTo(2);
        assertThat(walksToOpen(session.fids(), path)).as("the one ahead").isEqualTo(1);
        assertThat(session.fids().used()).isEqualTo(3);

        session.fids().retire(path);
        await().untilAsserted(() -> {
            // Clunks what waited for the answer to a walk.
            session.fids().giveBack(session.fids().take());
            assertThat(session.fids().used()).isEqualTo(1);
        });
    }

    @Test
    void aCopyAheadGoesWithTheOldPath() throws Exception {
        Files.createDirectory(export.resolve("old"));
        Files.createFile(export.resolve("old/file"));
        connect(options());
        final FidTable fids = session.fids();
        final PathFid directory = lookup(fids.root(), "old");
        final PathFid path = lookup(directory, "file");
        walksToOpen(fids, path);
        walksToOpen(fids, path);

        rename(path, directory, Path.of("renamed"));
        Files.createFile(export.resolve("old/file"));
        assertOpens(path, export.resolve("old/renamed"));
        walksToOpen(fids, path);

        try (DirectoryMoves.Held move = fids.moves().beginRename()) {
            rename(directory, fids.root(), Path.of("new"));
        }
        Files.createDirectory(export.resolve("old"));
        Files.createFile(export.resolve("old/renamed"));
        assertOpens(path, export.resolve("new/renamed"));
        await().untilAsserted(
                        () -> assertThat(fids.used()).isEqualTo(channel.fids().size()));
    }

    /** Opens a path by a copy, as a share does, and asserts which file the copy is on. */
    private void assertOpens(final PathFid path, final Path file) throws IOException {
        try (FidTable.Lease lease = session.fids().lease(path)) {
            final int copy = session.fids().copyToOpen(lease);
            assertThat(session.getattr(copy, BASIC).await().qid().path()).isEqualTo(inode(file));
            session.fids().clunk(copy);
            session.fids().copyAhead(lease);
        }
    }

    /** Copies a path's fid to open it, and begins a copy ahead. Returns how many walks that took. */
    private int walksToOpen(final FidTable fids, final PathFid path) throws IOException {
        try (FidTable.Lease lease = fids.lease(path)) {
            final int before = channel.sent(Twalk.class);
            final int copy = fids.copyToOpen(lease);
            fids.copyAhead(lease);
            fids.clunkAndAwait(copy);
            return channel.sent(Twalk.class) - before;
        }
    }

    @Test
    void aCopyAheadBelongsToOneUser() throws Exception {
        Files.createFile(export.resolve("file"));
        letOthersIn();
        connect(options());
        final FidTable others = session.fids().forUser(1);
        final PathFid path = lookup(session.fids().root(), "file");
        walksToOpen(session.fids(), path);
        walksToOpen(session.fids(), path);
        others.lease(path).close();

        assertThat(walksToOpen(others, path))
                .as("a copy of the other user's own")
                .isEqualTo(1);
        assertThat(walksToOpen(session.fids(), path)).as("the next copy ahead").isEqualTo(1);
    }

    @Test
    void copiesAheadCountTowardsTheLimit() throws Exception {
        final int max = 64;
        connect(options().withMaxFids(max));
        final List<PathFid> paths = new ArrayList<>();
        for (int i = 0; i < 2 * max; i++) {
            Files.createFile(export.resolve("file" + i));
            final PathFid path = lookup(session.fids().root(), "file" + i);
            walksToOpen(session.fids(), path);
            walksToOpen(session.fids(), path);
            paths.add(path);
        }

        // The root's fid is not counted.
        await().untilAsserted(() -> assertThat(session.fids().used()).isEqualTo(max + 1));
        paths.forEach(session.fids()::retire);
        await().untilAsserted(() -> assertThat(session.fids().used()).isEqualTo(1));
    }

    @Test
    void aFidIsNotTakenAwayFromWhoUsesIt() throws Exception {
        Files.createFile(export.resolve("used"));
        Files.createFile(export.resolve("other"));
        connect(options().withMaxFids(1));
        final PathFid used = lookup(session.fids().root(), "used");

        try (FidTable.Lease lease = session.fids().lease(used)) {
            for (int i = 0; i < 10; i++) {
                lookup(session.fids().root(), "other");
            }
            assertThat(qidOf(lease)).isEqualTo(inode(export.resolve("used")));
        }
    }

    @Test
    void aFileThatWasReplacedIsStale() throws Exception {
        final Path file = Files.createFile(export.resolve("file"));
        connect(options().withMaxFids(0));
        final PathFid path = lookup(session.fids().root(), "file");
        // Created before the old file is removed, so that it gets another inode.
        final Path other = Files.createFile(export.resolve("other"));
        Files.delete(file);
        Files.move(other, file);

        assertThatThrownBy(() -> session.fids().lease(path))
                .isInstanceOf(StaleFileException.class)
                .hasMessageContaining("file");
    }

    @Test
    void aFileThatIsGoneIsStale() throws Exception {
        final Path file = Files.createDirectories(export.resolve("a/b/c"));
        connect(options().withMaxFids(0));
        final PathFid path = lookup(lookup(lookup(session.fids().root(), "a"), "b"), "c");
        Files.delete(file);
        Files.delete(export.resolve("a/b"));

        assertThatThrownBy(() -> session.fids().lease(path)).isInstanceOf(StaleFileException.class);
        assertThatThrownBy(() -> session.fids().lease(path)).isInstanceOf(StaleFileException.class);
    }

    @Test
    void aDirectoryThatBecameAFileIsStale() throws Exception {
        final Path file = Files.createDirectories(export.resolve("a/b/c"));
        connect(options().withMaxFids(0));
        final PathFid path = lookup(lookup(lookup(session.fids().root(), "a"), "b"), "c");
        Files.delete(file);
        Files.delete(export.resolve("a/b"));
        Files.createFile(export.resolve("a/b"));

        assertThatThrownBy(() -> session.fids().lease(path)).isInstanceOf(StaleFileException.class);
    }

    @Test
    void aDeepPathIsWalkedAgain() throws Exception {
        assertDeepPathIsWalkedAgain(40, 10, SessionOptions.DEFAULT_MSIZE);
    }

    /** With a small msize, 16 names of 255 bytes do not fit into one Twalk. */
    @Test
    void aDeepPathOfLongNamesIsWalkedAgainWithASmallMsize() throws Exception {
        assertDeepPathIsWalkedAgain(12, 255, SessionOptions.MIN_MSIZE);
    }

    private void assertDeepPathIsWalkedAgain(final int depth, final int length, final int msize) throws IOException {
        connect(options().withMaxFids(0).withMsize(msize));
        PathFid path = session.fids().root();
        int parent = rootFid();
        final String name = "n".repeat(length);
        for (int i = 0; i < depth; i++) {
            session.mkdir(parent, name(name), 0755, 0).await();
            path = lookup(path, name);
            session.fids().clunk(parent == rootFid() ? session.fids().copy(path) : parent);
            parent = session.fids().copy(path);
        }

        try (FidTable.Lease lease = session.fids().lease(path)) {
            assertThat(qidOf(lease)).isEqualTo(path.qid().path());
        }
        session.fids().clunk(parent);
    }

    @Test
    void aFidWhosePathIsNoMoreIsNotMade() throws Exception {
        Files.createDirectories(export.resolve("a/b"));
        connect(options().withMaxFids(0));
        final PathFid a = lookup(session.fids().root(), "a");
        final PathFid b = lookup(a, "b");

        session.fids().retire(a);

        assertThat(session.fids().isRetired(a)).isTrue();
        assertThatThrownBy(() -> session.fids().lease(a)).isInstanceOf(StaleFileException.class);
        assertThatThrownBy(() -> session.fids().lease(b)).isInstanceOf(StaleFileException.class);
    }

    @Test
    void aDirectoryThatIsSaidToBeInsideItselfIsStale() throws Exception {
        Files.createDirectories(export.resolve("a/b"));
        connect(options());
        final PathFid a = lookup(session.fids().root(), "a");
        final PathFid b = lookup(a, "b");

        session.fids().setPath(a, b, name("a"));

        assertThatThrownBy(() -> session.fids().lease(a)).isInstanceOf(StaleFileException.class);
        assertThatThrownBy(() -> session.fids().lease(b)).isInstanceOf(StaleFileException.class);
    }

    @Test
    void allThatIsBelowARenamedDirectoryIsUsableAfterwards() throws Exception {
        final int files = 500;
        Files.createDirectories(export.resolve("old/deep/er"));
        Files.createDirectory(export.resolve("elsewhere"));
        connect(options());
        final PathFid root = session.fids().root();
        final PathFid moved = lookup(root, "old");
        final PathFid directory = lookup(lookup(moved, "deep"), "er");
        final List<PathFid> below = new ArrayList<>(List.of(moved, directory));
        for (int i = 0; i < files; i++) {
            Files.write(export.resolve("old/deep/er/file" + i), new byte[i]);
            below.add(lookup(directory, "file" + i));
        }

        for (final String target : List.of("new", "elsewhere/newer")) {
            rename(moved, target.contains("/") ? lookup(root, "elsewhere") : root, Path.of(target));

            assertThat(export.resolve(target + "/deep/er/file0")).exists();
            for (final PathFid path : below) {
                try (FidTable.Lease lease = session.fids().lease(path)) {
                    assertThat(qidOf(lease)).isEqualTo(path.qid().path());
                }
            }
        }
    }

    @Test
    void usesMovesAndEvictionsTogetherBreakNothing() throws Exception {
        final int directories = 4;
        final int files = 12;
        connect(options().withMaxFids(5));
        final PathFid root = session.fids().root();
        final List<PathFid> parents = new ArrayList<>();
        final List<PathFid> paths = new ArrayList<>();
        for (int d = 0; d < directories; d++) {
            Files.createDirectory(export.resolve("d" + d));
            parents.add(lookup(root, "d" + d));
            for (int f = 0; f < files; f++) {
                Files.write(export.resolve("d" + d + "/f" + f), new byte[d * files + f]);
                paths.add(lookup(parents.get(d), "f" + f));
            }
        }
        final List<BackgroundCall<Boolean>> workers = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
            final Random random = new Random(thread);
            final int mine = thread;
            workers.add(BackgroundCall.start("worker " + thread, () -> {
                for (int i = 0; i < 400; i++) {
                    if (mine < directories && i % 20 == 0) {
                        // Each directory has one thread that renames it back and forth.
                        rename(parents.get(mine), root, Path.of("d" + mine + (i % 40 == 0 ? "'" : "")));
                    } else {
                        assertLeadsToItsFile(paths, random.nextInt(paths.size()));
                    }
                }
                return true;
            }));
        }

        for (final BackgroundCall<Boolean> worker : workers) {
            assertThat(worker.result()).isTrue();
            worker.close();
        }
        for (int i = 0; i < paths.size(); i++) {
            assertThat(sizeOf(paths.get(i))).isEqualTo(i);
        }
        assertThat(session.fids().used()).isLessThanOrEqualTo(5 + 1 + THREADS);
        paths.forEach(session.fids()::retire);
        parents.forEach(session.fids()::retire);
        await().untilAsserted(() -> assertThat(session.fids().used()).isEqualTo(1));
    }

    /**
     * Asserts that a path leads to its own file or to none. A server that stores paths may find nothing while a
     * directory is being renamed, but it must never find another file.
     */
    private void assertLeadsToItsFile(final List<PathFid> paths, final int i) throws IOException {
        try {
            assertThat(sizeOf(paths.get(i))).isEqualTo(i);
        } catch (final StaleFileException e) {
            assertThat(e).hasMessageContaining("no longer exists at its path");
        } catch (final RemoteException e) {
            assertThat(e.errno()).isEqualTo(RemoteException.ENOENT);
        }
    }

    /**
     * Renames a file on the server and reports it to the table, as the share does. diod only supports the older
     * Trename.
     */
    private void rename(final PathFid path, final PathFid parent, final Path target) throws IOException {
        final ByteString newName = name(target.getFileName().toString());
        final int fid = session.fids().copy(path);
        try (FidTable.Lease to = session.fids().lease(parent)) {
            session.rename(fid, to.fid(), newName).await();
        }
        session.fids().setPath(path, parent, newName);
        session.fids().clunk(fid);
    }

    private PathFid lookup(final PathFid directory, final String name) throws IOException {
        return session.fids().adopt(directory, name(name), session.fids().walk(directory, name(name)));
    }

    private long sizeOf(final PathFid path) throws IOException {
        try (FidTable.Lease lease = session.fids().lease(path)) {
            return session.getattr(lease.fid(), BASIC).await().size();
        }
    }

    private long qidOf(final FidTable.Lease lease) throws IOException {
        return session.getattr(lease.fid(), BASIC).await().qid().path();
    }

    private int rootFid() throws IOException {
        try (FidTable.Lease root = session.fids().lease(session.fids().root())) {
            return root.fid();
        }
    }

    private void assertFidsAgree() {
        await().untilAsserted(() -> {
            final Set<Integer> held = channel.fids();
            assertThat(session.fids().used()).isEqualTo(held.size());
            assertThat(channel.doubtfulFids()).isEmpty();
        });
    }

    private static long inode(final Path file) throws IOException {
        return (Long) Files.getAttribute(file, "unix:ino");
    }
}
