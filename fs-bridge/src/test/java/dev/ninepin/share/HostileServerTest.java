package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static dev.ninepin.testing.LyingServer.S_IFDIR;
import static dev.ninepin.testing.LyingServer.S_IFLNK;
import static dev.ninepin.testing.LyingServer.S_IFREG;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.operations.ReadResult;
import dev.ninepin.operations.Timestamp;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rattach;
import dev.ninepin.p9.Rfsync;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.Rlopen;
import dev.ninepin.p9.Rmkdir;
import dev.ninepin.p9.Rread;
import dev.ninepin.p9.Rreaddir;
import dev.ninepin.p9.Rreadlink;
import dev.ninepin.p9.Rstatfs;
import dev.ninepin.p9.Rwalk;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.p9.Tattach;
import dev.ninepin.p9.Tfsync;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.p9.Tlopen;
import dev.ninepin.p9.Tmkdir;
import dev.ninepin.p9.Tread;
import dev.ninepin.p9.Treaddir;
import dev.ninepin.p9.Treadlink;
import dev.ninepin.p9.Trenameat;
import dev.ninepin.p9.Tstatfs;
import dev.ninepin.p9.Twalk;
import dev.ninepin.p9.Twrite;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.dir.OpenDirectory;
import dev.ninepin.share.name.Twins;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.Logged;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests of a share whose server sends false replies. Bytes that are not 9P end the session, which the session's own
 * tests cover. In these tests the session continues, and the share must work once the server tells the truth again.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileServerTest {
    private static final int FIFO = 0010644;
    private static final long HUGE = 1L << 63;
    private static final int EXT4 = 0xEF53;

    private final LyingServer server = new LyingServer();
    private Share share;

    private Share open(final CacheMode cache, final boolean containSymlinks) throws IOException {
        final Session session = Session.connect(
                new AnsweringChannel(server), SessionOptions.defaults(0).withMsize(8192));
        share = Share.open(
                session,
                new ShareOptions(cache, OptionalInt.empty(), OptionalInt.empty()).withContainSymlinks(containSymlinks));
        return share;
    }

    private Share open() throws IOException {
        return open(CacheMode.NONE, false);
    }

    @AfterEach
    void theSessionHasGoneOnAndNothingIsLeft() throws IOException {
        if (share != null) {
            server.tellTheTruth();
            server.put("last", S_IFREG | 0644);
            assertThat(share.lookup(ROOT, name("last")).attributes().mode()).isEqualTo(S_IFREG | 0644);
            assertThat(share.getattr(ROOT).mode()).isEqualTo(S_IFDIR | 0755);
            share.close();
            assertThat(share.session().status().tagsUsed()).isZero();
        }
    }

    // Names

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "a/b", "/etc/passwd", "../x", "a\0b", "\0"})
    void anEntryThatNoFileCanBeNamedAsIsLeftOutAndTheRestIsListed(final String bad) throws IOException {
        open();
        listing(entry("before", 1), entry(bad, 2), entry("after", 3));

        try (Logged logged = Logged.from(OpenDirectory.class)) {
            assertThat(list(ROOT)).containsExactly("before", "after");
            assertThat(list(ROOT)).containsExactly("before", "after");

            assertThat(logged.lines())
                    .as("said once")
                    .containsExactly("WARN the server lists an entry of / with the invalid name \"" + name(bad)
                            + "\"; such entries are left out");
        }
    }

    @ParameterizedTest
    @CsvSource({"255, true", "256, false", "1024, false", "4000, false"})
    void anEntryWithAnOverlongNameIsLeftOut(final int length, final boolean shown) throws IOException {
        open();
        final String longest = "n".repeat(length);
        listing(entry(longest, 1), entry("after", 2));

        assertThat(list(ROOT)).isEqualTo(shown ? List.of(longest, "after") : List.of("after"));
    }

    @Test
    void aTypeThatReaddirDoesNotHaveIsUnknown() throws IOException {
        open();
        listing(
                new Dirent(new Qid(0, 0, 2), 1, 8, name("regular")),
                new Dirent(new Qid(0, 0, 3), 2, 3, name("odd")),
                new Dirent(new Qid(0, 0, 4), 3, 255, name("odder")));

        final List<Integer> types = new ArrayList<>();
        final long handle = share.opendir(ROOT);
        share.readdir(handle, 0, entry -> types.add(entry.type()));
        share.releasedir(handle);

        assertThat(types).containsExactly(8, 0, 0);
    }

    // Lost replies

    @Test
    void aRenameThatIsDoneButNeverAnsweredLosesNothing() throws IOException {
        server.put("a", S_IFREG | 0644, new byte[1]);
        server.put("b", S_IFREG | 0644, new byte[2]);
        share = Share.open(
                Session.connect(
                        new AnsweringChannel(server),
                        SessionOptions.defaults(0).withRequestTimeout(Duration.ofMillis(300))),
                new ShareOptions(CacheMode.NONE, OptionalInt.empty(), OptionalInt.empty()));
        share.lookup(ROOT, name("a"));
        final long handle = share.open(share.lookup(ROOT, name("b")).node(), OpenFlags.RDONLY, new NoKernelCache());
        final AtomicInteger renames = new AtomicInteger();
        // The first rename hides the open file; the second one gets a reply of the wrong type.
        server.lie(Trenameat.class, (request, truth) -> renames.incrementAndGet() == 2 ? new Rfsync() : truth);

        assertErrno(Errno.ETIMEDOUT, () -> share.rename(ROOT, name("a"), ROOT, name("b")));

        assertThat(share.lookup(ROOT, name("b")).attributes().size()).isEqualTo(1);
        assertErrno(Errno.ENOENT, () -> share.lookup(ROOT, name("a")));
        share.release(handle);
    }

    // Directories without an end

    @Test
    void aDirectoryWhoseCookiesStandStillIsAnError() throws IOException {
        open();
        server.lie(Treaddir.class, (request, truth) -> LyingServer.page(8000, List.of(entry("a", 7), entry("b", 7))));

        assertErrno(Errno.EIO, () -> list(ROOT));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 10, 100, 1000})
    void aDirectoryWhoseCookiesGoRoundInACircleIsAnErrorSoon(final int pages) throws IOException {
        open();
        final AtomicInteger asked = new AtomicInteger();
        server.lie(Treaddir.class, (request, truth) -> {
            // Not from 1: a page that starts so may be propolis's, which numbers each page anew.
            final long next = ((Treaddir) request).offset() % pages + 5000;
            return LyingServer.page(8000, List.of(entry("e" + asked.incrementAndGet(), next)));
        });

        assertErrno(Errno.EIO, () -> list(ROOT));
        assertThat(asked.get()).isLessThanOrEqualTo(4 * pages + 4);
    }

    @Test
    void aCookieThatMeansTheStartIsAnError() throws IOException {
        open();
        listing(entry("a", 1), entry("b", 0));

        assertErrno(Errno.EIO, () -> list(ROOT));
    }

    /** Directories with hash tables have cookies in any order, which use all 64 bits. */
    @Test
    void cookiesThatGoBackButNeverRepeatAreFine() throws IOException {
        open();
        final long[] cookies =
                LongStream.range(1, 3000).map(i -> i * 0x9e3779b97f4a7c15L).toArray();
        server.lie(Treaddir.class, (request, truth) -> {
            final long offset = ((Treaddir) request).offset();
            int next = 0;
            while (offset != 0 && cookies[next++] != offset) {
                // Continue.
            }
            return next == cookies.length
                    ? LyingServer.page(8000, List.of())
                    : LyingServer.page(8000, List.of(entry("n" + next, cookies[next])));
        });

        assertThat(list(ROOT)).hasSize(cookies.length);
        final long handle = share.opendir(ROOT);
        final List<String> none = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            share.readdir(
                    handle,
                    cookies[cookies.length - 1],
                    entry -> none.add(entry.name().toString()));
        }
        share.releasedir(handle);
        assertThat(none).as("the end may be asked for again and again").isEmpty();
    }

    @Test
    void aDirectoryWithoutEndThatHasNothingToShowIsAnError() throws IOException {
        open();
        server.lie(
                Treaddir.class,
                (request, truth) -> LyingServer.page(8000, List.of(entry("a/b", ((Treaddir) request).offset() + 1))));

        assertErrno(Errno.EIO, () -> list(ROOT));
    }

    /** A program reads the entries buffer by buffer, as long as it wants. */
    @Test
    void aDirectoryWithoutEndCostsNoMoreThanWhatIsAskedFor() throws IOException {
        open();
        final AtomicInteger asked = new AtomicInteger();
        server.lie(
                Treaddir.class,
                (request, truth) -> LyingServer.page(
                        8000, List.of(entry("e" + asked.incrementAndGet(), ((Treaddir) request).offset() + 1))));
        final long handle = share.opendir(ROOT);
        long cookie = 0;
        for (int buffers = 1; buffers <= 100; buffers++) {
            final List<Dirent> page = new ArrayList<>();
            share.readdir(handle, cookie, entry -> page.size() < 10 && page.add(entry));
            cookie = page.get(9).offset();
            // One entry that found no room, and one page that was requested ahead.
            assertThat(asked.get()).isLessThanOrEqualTo(buffers * 10 + 2);
        }
        share.releasedir(handle);
    }

    // Links

    @ParameterizedTest
    @ValueSource(strings = {"", "a\0b", "\0"})
    void aTargetThatNoLinkCanHaveIsAnError(final String target) throws IOException {
        server.put("link", S_IFLNK | 0777, target.getBytes(UTF_8));
        open();

        assertErrno(Errno.EIO, () -> share.readlink(node("link")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/etc/passwd", "/", "..", "../x", "a/../../b", "a/..", "a//..//b", "x/../", "./.."})
    void aContainedLinkThatLeadsOutOrMightIsRefused(final String target) throws IOException {
        server.put("link", S_IFLNK | 0777, target.getBytes(UTF_8));
        open(CacheMode.NONE, true);

        assertErrno(Errno.EPERM, () -> share.readlink(node("link")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"file", "a/b/c", "..a", "a..", "a/..b/c..", "...", ".", "./a", "a/...", "..\\x"})
    void aContainedLinkThatStaysWithinIsShown(final String target) throws IOException {
        server.put("link", S_IFLNK | 0777, target.getBytes(UTF_8));
        open(CacheMode.NONE, true);

        assertThat(share.readlink(node("link"))).isEqualTo(name(target));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/etc/passwd", "../../x"})
    void aLinkIsShownAsItIsIfItNeedNotBeContained(final String target) throws IOException {
        server.put("link", S_IFLNK | 0777, target.getBytes(UTF_8));
        open();

        assertThat(share.readlink(node("link"))).isEqualTo(name(target));
    }

    // Identity

    @Test
    void filesWithOneNumberAreNotOneFile() throws IOException {
        final Qid number = server.put("a", S_IFREG | 0644, "of a".getBytes(UTF_8));
        server.put("b", number, S_IFREG | 0600, "of b".getBytes(UTF_8));
        open(CacheMode.OPEN, false);

        try (Logged logged = Logged.from(Twins.class)) {
            final long a = node("a");
            final long b = node("b");

            assertThat(b).isNotEqualTo(a);
            assertThat(node("b")).isEqualTo(b);
            assertThat(node("a")).isEqualTo(a);
            assertThat(content(a)).isEqualTo("of a");
            assertThat(content(b)).isEqualTo("of b");
            assertThat(share.getattr(a).ino()).isEqualTo(number.path());
            assertThat(share.getattr(b).ino()).isNotEqualTo(number.path());
            assertThat(logged.lines())
                    .singleElement()
                    .asString()
                    .startsWith(
                            "WARN the server gives the two files /a and /b the same qid.path " + number.path() + ";");
        }
    }

    @Test
    void directoriesWithOneNumberAreNotOneDirectory() throws IOException {
        final Qid number = server.put("a", S_IFDIR | 0755);
        server.put("b", number, S_IFDIR | 0755);
        server.put("a/in a", S_IFREG | 0644);
        server.put("b/in b", S_IFREG | 0644);
        open();

        final long a = node("a");
        final long b = node("b");

        assertThat(b).isNotEqualTo(a);
        assertThat(list(a)).containsExactly("in a");
        assertThat(list(b)).containsExactly("in b");
        assertThat(list(a)).containsExactly("in a");
        assertErrno(Errno.ENOENT, () -> share.lookup(a, name("in b")));
        assertThat(share.lookup(b, name("in b")).node()).isPositive();
    }

    /** ext4 reuses an inode number at once. */
    @Test
    void aDirectoryThatIsMadeHereWithTheNumberOfOneThatWasRemovedThereIsNotThatOne() throws IOException {
        server.put("a", S_IFDIR | 0755);
        final Qid number = server.put("a/old", S_IFDIR | 0755);
        open();
        final long directory = node("a");
        final long old = share.lookup(directory, name("old")).node();
        server.remove("a/old");
        server.lie(Tmkdir.class, (request, truth) -> {
            server.put("new", number, S_IFDIR | 0700);
            return new Rmkdir(number);
        });

        final long made = share.mkdir(new Caller(0, 0), FileOperations.ROOT, name("new"), 0700)
                .node();

        assertThat(made).isNotEqualTo(old);
        assertThat(node("new")).isEqualTo(made);
        assertErrno(Errno.ENOENT, () -> share.lookup(directory, name("old")));
    }

    /**
     * A btrfs subvolume in an export that is a subvolume itself has the root's number, if QEMU does not remap numbers.
     */
    @Test
    void aDirectoryWithTheNumberOfTheRootIsNotTheRoot() throws IOException {
        server.put("sub", new Qid(Qid.DIR, 0, 1), S_IFDIR | 0755);
        server.put("sub/within", S_IFREG | 0644);
        open();

        final long sub = node("sub");

        assertThat(sub).isNotEqualTo(ROOT);
        assertThat(list(sub)).containsExactly("within");
        assertThat(list(ROOT)).containsExactly("sub");
        assertThat(share.getattr(sub).ino()).isNotEqualTo(share.getattr(ROOT).ino());
    }

    @Test
    void aDirectoryInsideItselfIsAnotherOne() throws IOException {
        final Qid number = server.put("a", S_IFDIR | 0755);
        server.put("a/b", S_IFDIR | 0755);
        server.put("a/b/a", number, S_IFDIR | 0755);
        open();
        final long a = node("a");
        final long b = share.lookup(a, name("b")).node();

        final long inner = share.lookup(b, name("a")).node();

        assertThat(inner).isNotEqualTo(a);
        assertThat(list(a)).containsExactly("b");
        assertThat(list(inner)).isEmpty();
    }

    @Test
    void hardLinksAreOneFile() throws IOException {
        final Qid number = server.put("a", S_IFREG | 0644);
        server.put("b", number, S_IFREG | 0644);
        server.lie(Tgetattr.class, (request, truth) -> links(2, (Rgetattr) truth));
        open();

        assertThat(node("b")).isEqualTo(node("a"));
    }

    /** overlayfs with xino=off shows such numbers: each file has the inode number that it has in its layer. */
    @Test
    void linksOnAFileSystemThatMixesNumbersAreTwoFiles() throws IOException {
        final Qid number = server.put("a", S_IFREG | 0644);
        server.put("b", number, S_IFREG | 0644);
        server.lie(Tgetattr.class, (request, truth) -> links(2, (Rgetattr) truth));
        server.lie(Tstatfs.class, (request, truth) -> fileSystem(0x794c7630, 1));
        open();

        assertThat(node("b")).isNotEqualTo(node("a"));
        assertThat(share.getattr(node("b")).ino())
                .isNotEqualTo(share.getattr(node("a")).ino());
    }

    @Test
    void linksWhoseAttributesDifferAreTwoFiles() throws IOException {
        final Qid number = server.put("a", S_IFREG | 0644, "of a".getBytes(UTF_8));
        server.put("b", number, S_IFREG | 0644, "of b too".getBytes(UTF_8));
        server.lie(Tgetattr.class, (request, truth) -> links(2, (Rgetattr) truth));
        open();

        assertThat(node("b")).isNotEqualTo(node("a"));
    }

    @ParameterizedTest
    @CsvSource({"2, true", "18, false", "30, false"})
    void linksInTwoDirectoriesAreOneFileOnlyIfThatIsOneMountOfTheServer(final int errno, final boolean one)
            throws IOException {
        server.put("x", S_IFDIR | 0755);
        server.put("y", S_IFDIR | 0755);
        final Qid number = server.put("x/a", S_IFREG | 0644);
        server.put("y/a", number, S_IFREG | 0644);
        server.lie(Tgetattr.class, (request, truth) -> links(2, (Rgetattr) truth));
        server.lie(Tstatfs.class, (request, truth) -> fileSystem(EXT4, 1));
        server.lie(Trenameat.class, (request, truth) -> new Rlerror(errno));
        open();

        final long first = share.lookup(node("x"), name("a")).node();
        final long second = share.lookup(node("y"), name("a")).node();

        assertThat(first == second).isEqualTo(one);
    }

    @Test
    void linksInTwoFileSystemsAreTwoFiles() throws IOException {
        server.put("x", S_IFDIR | 0755);
        server.put("y", S_IFDIR | 0755);
        final Qid number = server.put("x/a", S_IFREG | 0644);
        server.put("y/a", number, S_IFREG | 0644);
        server.lie(Tgetattr.class, (request, truth) -> links(2, (Rgetattr) truth));
        final AtomicInteger asked = new AtomicInteger();
        server.lie(Tstatfs.class, (request, truth) -> fileSystem(EXT4, asked.incrementAndGet()));
        open();

        assertThat(share.lookup(node("y"), name("a")).node())
                .isNotEqualTo(share.lookup(node("x"), name("a")).node());
    }

    /** ext4 reuses an inode number at once. */
    @Test
    void aFileWithTheNumberOfOneThatIsGoneIsAnother() throws IOException {
        final Qid number = server.put("a", S_IFREG | 0644, "of a".getBytes(UTF_8));
        open();
        final long a = node("a");
        server.remove("a");
        server.put("b", number, S_IFREG | 0644, "of b too".getBytes(UTF_8));

        final long b = node("b");

        assertThat(b).isNotEqualTo(a);
        assertThat(share.getattr(b).ino()).isEqualTo(number.path());
    }

    @Test
    void aFileThatOthersRenamedIsTheSame() throws IOException {
        final Qid number = server.put("a", S_IFREG | 0644);
        open();
        final long a = node("a");
        server.lie(
                Twalk.class,
                (request, truth) -> ((Twalk) request).names().contains(name("a")) ? new Rlerror(Errno.ENOENT) : truth);
        server.put("b", number, S_IFREG | 0644);

        assertThat(node("b")).isEqualTo(a);
    }

    @Test
    void oneNumberForFilesOfTwoTypesIsTwoFiles() throws IOException {
        server.put("file", new Qid(0, 0, 77), S_IFREG | 0644);
        server.put("directory", new Qid(Qid.DIR, 0, 77), S_IFDIR | 0755);
        open();

        assertThat(node("file")).isNotEqualTo(node("directory"));
    }

    // Attributes

    @Test
    void aFileThatBecomesOneOfAnotherTypeIsAnotherFile() throws IOException {
        server.put("f", S_IFREG | 0644);
        open();
        final long file = node("f");
        server.lie(
                Tgetattr.class,
                (request, truth) -> ((Rgetattr) truth).qid().isDirectory()
                        ? truth
                        : LyingServer.attributes(((Rgetattr) truth).qid(), FIFO, 0, 1, 4096));

        assertErrno(Errno.ESTALE, () -> share.getattr(file));

        final Entry found = share.lookup(ROOT, name("f"));
        assertThat(found.node()).isNotEqualTo(file);
        assertThat(found.attributes().mode()).isEqualTo(FIFO);
        assertErrno(Errno.ESTALE, () -> share.getattr(file));
    }

    @ParameterizedTest
    @ValueSource(ints = {S_IFDIR | 0755, 0644, 0170644, -1})
    void aModeThatNoSuchFileHasIsAnError(final int mode) throws IOException {
        server.put("f", S_IFREG | 0644);
        open();
        final long file = node("f");
        server.lie(
                Tgetattr.class,
                (request, truth) -> ((Rgetattr) truth).qid().isDirectory()
                        ? truth
                        : LyingServer.attributes(((Rgetattr) truth).qid(), mode, 0, 1, 4096));

        assertErrno(Errno.EIO, () -> share.getattr(file));
        assertErrno(Errno.EIO, () -> share.lookup(ROOT, name("f")));
        server.tellTheTruth();
        assertThat(share.getattr(file).mode()).isEqualTo(S_IFREG | 0644);
    }

    @ParameterizedTest
    @ValueSource(longs = {HUGE, -1})
    void aSizeThatNoFileHasIsAnError(final long size) throws IOException {
        server.put("f", S_IFREG | 0644);
        open();
        final long file = node("f");
        fileHas(size, 1, 4096);

        assertErrno(Errno.EIO, () -> share.getattr(file));
    }

    @Test
    void aSizeThatIsALieIsReadToWhereTheDataEnds() throws IOException {
        server.put("f", S_IFREG | 0644, "short".getBytes(UTF_8));
        open();
        fileHas(HUGE - 1, 1, 4096);
        final long file = node("f");

        assertThat(share.getattr(file).size()).isEqualTo(HUGE - 1);
        assertThat(content(file)).isEqualTo("short");
        final long handle = share.open(file, OpenFlags.RDONLY, new NoKernelCache());
        try (ReadResult result = share.read(handle, HUGE - 4096, 4096)) {
            assertThat(result.data().hasRemaining()).isFalse();
        }
        share.release(handle);
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 1", "4294967295, 4294967295", "4294967296, 4294967295", "-1, 0"})
    void aNumberOfLinksIsShownAsFarAsThereIsRoom(final long links, final long shown) throws IOException {
        server.put("f", S_IFREG | 0644);
        open();
        fileHas(0, links, 4096);

        assertThat(share.getattr(node("f")).nlink()).isEqualTo(shown);
    }

    @ParameterizedTest
    @CsvSource({"0, 4096", "1, 4096", "512, 512", "1048576, 1048576", "2147483648, 4096", "-1, 4096"})
    void aBlockSizeThatProgramsShouldNotReserveIsTheUsualOne(final long blksize, final long shown) throws IOException {
        server.put("f", S_IFREG | 0644);
        open();
        fileHas(0, 1, blksize);

        assertThat(share.getattr(node("f")).blksize()).isEqualTo(shown);
    }

    /** nfs-ganesha counts whole blocks only, and reports its own file system's device number for every file. */
    @ParameterizedTest
    @CsvSource({"0100644, 5, 0, 1, 0", "0100644, 0, 0, 0, 0", "0100644, 5, 8, 8, 0", "0020644, 0, 0, 0, 77"})
    void aFileWithDataHasABlockAndOnlyADeviceHasADeviceNumber(
            final String mode, final long size, final long blocks, final long shownBlocks, final long shownDevice)
            throws IOException {
        server.put("f", Integer.parseInt(mode, 8));
        open();
        server.lie(Tgetattr.class, (request, truth) -> {
            final Rgetattr is = (Rgetattr) truth;
            return is.qid().isDirectory()
                    ? truth
                    : new Rgetattr(
                            is.valid(),
                            is.qid(),
                            is.mode(),
                            0,
                            0,
                            1,
                            77,
                            size,
                            4096,
                            blocks,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0,
                            0);
        });

        final Attributes shown = share.getattr(node("f"));

        assertThat(shown.blocks()).isEqualTo(shownBlocks);
        assertThat(shown.rdev()).isEqualTo(shownDevice);
    }

    @Test
    void timesBefore1970AreKeptAndNanosecondsAreThoseOfASecond() throws IOException {
        server.put("f", S_IFREG | 0644);
        open();
        server.lie(Tgetattr.class, (request, truth) -> {
            final Rgetattr is = (Rgetattr) truth;
            return new Rgetattr(
                    is.valid(),
                    is.qid(),
                    is.mode(),
                    0,
                    0,
                    1,
                    0,
                    0,
                    4096,
                    0,
                    -5,
                    7,
                    Long.MIN_VALUE,
                    -1,
                    Long.MAX_VALUE,
                    4_000_000_000L,
                    0,
                    0,
                    0,
                    0);
        });

        final Attributes shown = share.getattr(node("f"));

        assertThat(shown.atime()).isEqualTo(new Timestamp(-5, 7));
        assertThat(shown.mtime()).isEqualTo(new Timestamp(Long.MIN_VALUE, 0));
        assertThat(shown.ctime()).isEqualTo(new Timestamp(Long.MAX_VALUE, 999_999_999));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 511, 512, 4096, 1 << 30, -1, Integer.MIN_VALUE})
    void whateverIounitIsAReadIsWholeAndNoFlood(final int iounit) throws IOException {
        final byte[] data = new byte[65536];
        data[65535] = 1;
        server.put("f", S_IFREG | 0644, data);
        open();
        final AtomicInteger reads = new AtomicInteger();
        server.lie(Tlopen.class, (request, truth) -> new Rlopen(((Rlopen) truth).qid(), iounit));
        server.lie(Tread.class, (request, truth) -> {
            reads.incrementAndGet();
            return truth;
        });
        final long handle = share.open(node("f"), OpenFlags.RDONLY, new NoKernelCache());

        try (ReadResult result = share.read(handle, 0, data.length)) {
            assertThat(result.data()).isEqualTo(ByteBuffer.wrap(data));
        }
        assertThat(reads.get()).isLessThanOrEqualTo(65536 / 512);
        share.release(handle);
    }

    @Test
    void aFileThatIsAnotherOnceItIsOpenedIsStale() throws IOException {
        server.put("f", S_IFREG | 0644);
        open();
        final long file = node("f");
        server.lie(Tlopen.class, (request, truth) -> new Rlopen(new Qid(0, 0, 4711), 0));

        assertErrno(Errno.ESTALE, () -> share.open(file, OpenFlags.RDONLY, new NoKernelCache()));
    }

    @Test
    void aReadThatBringsOneByteAtATimeIsWhole() throws IOException {
        server.put("f", S_IFREG | 0644, "byte by byte".getBytes(UTF_8));
        open();
        server.lie(Tread.class, (request, truth) -> {
            final ByteBuffer data = ((Rread) truth).data();
            return new Rread(data.slice(0, Math.min(1, data.remaining())));
        });

        assertThat(content(node("f"))).isEqualTo("byte by byte");
    }

    @Test
    void figuresOfAFileSystemMayBeAnything() throws IOException {
        open();
        final Rstatfs odd = new Rstatfs(-1, -1, -1, -1, -1, -1, -1, -1, -1);
        server.lie(Tstatfs.class, (request, truth) -> odd);

        assertThat(share.statfs(ROOT)).isEqualTo(odd);
    }

    @Test
    void aWalkThatStopsHalfwayFindsNothing() throws IOException {
        server.put("f", S_IFREG | 0644);
        open();
        server.lie(Twalk.class, (request, truth) -> new Rwalk(List.of()));

        assertErrno(Errno.ENOENT, () -> share.lookup(ROOT, name("f")));
    }

    /** The kernel takes ENOSYS from a FUSE file system to mean "never ask again". */
    @Test
    void aServerThatDoesNotKnowARequestOnceIsAskedTheNextTime() throws IOException {
        server.put("f", S_IFREG | 0644);
        open();
        final long handle = share.open(node("f"), OpenFlags.RDWR, new NoKernelCache());
        server.lie(Tfsync.class, (request, truth) -> new Rlerror(Errno.ENOSYS));

        assertErrno(Errno.EOPNOTSUPP, () -> share.fsync(handle, false));
        server.tellTheTruth();
        share.fsync(handle, false);
        share.release(handle);
    }

    @Test
    void aWriteThatWritesNothingIsNotTriedForEver() throws IOException {
        server.put("f", S_IFREG | 0644);
        open();
        final long handle = share.open(node("f"), OpenFlags.RDWR, new NoKernelCache());
        server.lie(Twrite.class, (request, truth) -> new Rwrite(0));

        assertThat(share.write(handle, 0, ByteBuffer.wrap(new byte[20_000]), OpenFlags.RDWR))
                .isZero();
        assertThat(share.write(handle, 0, ByteBuffer.wrap(new byte[20_000]), OpenFlags.RDWR | OpenFlags.APPEND))
                .isZero();
        share.release(handle);
    }

    @Test
    void aRootThatIsNoDirectoryIsNotMounted() {
        server.lie(Tattach.class, (request, truth) -> new Rattach(new Qid(0, 0, 1)));

        assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining("is not a directory");
    }

    @Test
    void aRootThatIsAnotherThanWasAttachedIsNotMounted() {
        server.lie(Tattach.class, (request, truth) -> new Rattach(new Qid(Qid.DIR, 0, 99)));

        assertThatThrownBy(this::open).isInstanceOf(IOException.class);
    }

    @Test
    void whereAFileIsCanBeTold() throws IOException {
        server.put("dir", S_IFDIR | 0755);
        server.put("dir/f", S_IFREG | 0644);
        open();
        final long dir = node("dir");
        final long file = share.lookup(dir, name("f")).node();

        assertThat(share.pathOf(ROOT)).isEqualTo("/");
        assertThat(share.pathOf(file)).isEqualTo("/dir/f");
        share.rename(dir, name("f"), ROOT, ByteString.copyOf(new byte[] {'g', (byte) 0xff, '\n'}));
        assertThat(share.pathOf(file)).isEqualTo("/g\\xff\\x0a");
        share.unlink(ROOT, ByteString.copyOf(new byte[] {'g', (byte) 0xff, '\n'}));
        assertThat(share.pathOf(file)).isEqualTo("node " + file + ":");
        assertThat(share.pathOf(4711)).isEqualTo("node 4711");
    }

    @Test
    void aLinkThatIsTooLongIsOneToo() throws IOException {
        server.put("link", S_IFLNK | 0777);
        open();
        server.lie(Treadlink.class, (request, truth) -> new Rreadlink(ByteString.copyOf(new byte[5000])));

        // The target is all NULs. A long target without a NUL is limited by the reply, which has no room for it.
        assertErrno(Errno.EIO, () -> share.readlink(node("link")));
    }

    private void fileHas(final long size, final long nlink, final long blksize) {
        server.lie(
                Tgetattr.class,
                (request, truth) -> ((Rgetattr) truth).qid().isDirectory()
                        ? truth
                        : LyingServer.attributes(((Rgetattr) truth).qid(), S_IFREG | 0644, size, nlink, blksize));
    }

    private static Rstatfs fileSystem(final int type, final long id) {
        return new Rstatfs(type, 4096, 100, 50, 50, 100, 50, id, 255);
    }

    private static Rgetattr links(final long count, final Rgetattr truth) {
        return LyingServer.attributes(truth.qid(), truth.mode(), truth.size(), count, 4096);
    }

    /** Makes the server list these entries in every directory from now on. */
    private void listing(final Dirent... entries) {
        server.lie(
                Treaddir.class,
                (request, truth) -> ((Treaddir) request).offset() == 0
                        ? LyingServer.page(8000, List.of(entries))
                        : new Rreaddir(ByteBuffer.allocate(0)));
    }

    private static Dirent entry(final String name, final long cookie) {
        return new Dirent(new Qid(0, 0, 1000 + cookie), cookie, 8, name(name));
    }

    private long node(final String name) throws IOException {
        return share.lookup(ROOT, name(name)).node();
    }

    private String content(final long node) throws IOException {
        final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
        try (ReadResult result = share.read(handle, 0, 4096)) {
            return UTF_8.decode(result.data()).toString();
        } finally {
            share.release(handle);
        }
    }

    /** Lists a whole directory, ten entries at a time, as a kernel with a small buffer does. */
    private List<String> list(final long directory) throws IOException {
        final long handle = share.opendir(directory);
        try {
            final List<String> names = new ArrayList<>();
            final AtomicLong cookie = new AtomicLong();
            int before;
            do {
                before = names.size();
                final int most = before + 10;
                share.readdir(handle, cookie.get(), entry -> {
                    if (names.size() == most) {
                        return false;
                    }
                    cookie.set(entry.offset());
                    return names.add(new String(entry.name().toBytes(), UTF_8));
                });
            } while (names.size() > before);
            return names;
        } finally {
            share.releasedir(handle);
        }
    }

    private static ByteString name(final String text) {
        return ByteString.of(text);
    }

    private static void assertErrno(final int errno, final ThrowingCallable call) {
        assertThatThrownBy(call)
                .satisfies(e -> assertThat(Errno.of(e)).as("%s", e).isEqualTo(errno));
    }
}
