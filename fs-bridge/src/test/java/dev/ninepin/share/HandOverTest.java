package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.handover.ShareState;
import dev.ninepin.handover.StateFile;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Created;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileLock;
import dev.ninepin.operations.LockMode;
import dev.ninepin.operations.ReadResult;
import dev.ninepin.os.SeparateCall;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.RealServer;
import dev.ninepin.testing.ServerKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests of a share whose state another share takes over, over a new session. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HandOverTest {
    private static final Caller ME = new Caller(0, 0);

    @TempDir
    private Path temporary;

    private final List<Side> sides = new ArrayList<>();

    @AfterEach
    void close() throws IOException {
        for (final Side side : sides) {
            side.share.close();
            side.server.close();
        }
        sides.clear();
    }

    private static ByteString name(final String text) {
        return ByteString.of(text);
    }

    private static long soon() {
        return System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    }

    /** A server, and the share over it as the kernel sees it. */
    private final class Side {
        private final Path export = Files.createTempDirectory(temporary, "export");
        private final RealServer server = ServerKind.DIOD_UNIX.start(export);
        private final ShareOptions options;
        private Share share;

        /** Run while no share is connected. */
        private SeparateCall.Action beforeTakeOver = () -> {};

        Side(final CacheMode cache, final Optional<Path> notes) throws IOException {
            options = new ShareOptions(cache, OptionalInt.empty(), OptionalInt.empty())
                    .withRemoteLocks(true)
                    .withWritesBehind(true);
            share = Share.open(connect(), options, notes);
            sides.add(this);
        }

        private Session connect() throws IOException {
            return Session.connect(
                    () -> server.connect(SessionOptions.DEFAULT_MSIZE),
                    SessionOptions.defaults(0).withAname(server.aname()));
        }

        /** Replaces the share by one that takes its state over. */
        void handOver(final Optional<Path> notes) throws IOException {
            final Path file = Files.write(temporary.resolve("state"), new byte[0]);
            final StateFile<ShareState> format = new StateFile<>(ShareState.class, 1);
            format.write(file, share.handOver(soon()));
            share.session().suspend();
            beforeTakeOver.run();
            final Share earlier = share;
            share = Share.takeOver(connect(), options, notes, format.read(file));
            earlier.session().close();
        }
    }

    private Side side(final CacheMode cache) throws IOException {
        return new Side(cache, Optional.empty());
    }

    @Test
    void anOpenFileThatWasRenamedAndOneThatWasRemovedGoOn() throws IOException {
        final Side side = side(CacheMode.OPEN);
        final Created renamed = side.share.create(ME, ROOT, name("a"), OpenFlags.RDWR, 0644, new NoKernelCache());
        final Created removed = side.share.create(ME, ROOT, name("b"), OpenFlags.RDWR, 0644, new NoKernelCache());
        write(side, renamed.handle(), 0, "renamed");
        write(side, removed.handle(), 0, "removed");
        side.share.rename(ROOT, name("a"), ROOT, name("c"));
        side.share.unlink(ROOT, name("b"));

        side.handOver(Optional.empty());

        assertThat(read(side, renamed.handle())).isEqualTo("renamed");
        assertThat(read(side, removed.handle())).isEqualTo("removed");
        assertThat(list(side, ROOT)).isEqualTo("c ");
        write(side, removed.handle(), 7, "!");
        assertThat(read(side, removed.handle())).isEqualTo("removed!");
        assertThat(side.share.lookup(ROOT, name("c")).node())
                .isEqualTo(renamed.entry().node());
        side.share.release(removed.handle());
        side.share.release(renamed.handle());
        assertThat(side.share.create(ME, ROOT, name("d"), OpenFlags.RDWR, 0644, new NoKernelCache()))
                .satisfies(created -> {
                    assertThat(created.handle()).isGreaterThan(removed.handle());
                    assertThat(created.entry().node())
                            .isGreaterThan(removed.entry().node());
                });
    }

    @Test
    void aLockIsHeldAgainAndLostIfAnotherClientHasTakenIt() throws IOException {
        final Side side = side(CacheMode.OPEN);
        final Created file = side.share.create(ME, ROOT, name("a"), OpenFlags.RDWR, 0644, new NoKernelCache());
        final FileLock mine = new FileLock(1, file.handle(), 11, LockMode.EXCLUSIVE, 0, 9);
        final FileLock others = new FileLock(2, file.handle(), 12, LockMode.SHARED, 5, 5);
        side.share.lock(mine, false, new NoKernelCache());

        side.handOver(Optional.empty());
        assertThat(side.share.lockInTheWay(others)).contains(mine);
        write(side, file.handle(), 0, "x");
        try (Share another = Share.open(side.connect(), side.options)) {
            final long node = another.lookup(ROOT, name("a")).node();
            final long handle = another.open(node, OpenFlags.RDWR, new NoKernelCache());
            final FileLock theirs = FileLock.whole(1, handle, 1, LockMode.EXCLUSIVE);
            assertThatThrownBy(() -> another.lock(theirs, false, new NoKernelCache()))
                    .satisfies(e -> assertThat(Errno.of(e)).isEqualTo(Errno.EAGAIN));

            // The server may release the lock of the earlier connection a little later.
            side.beforeTakeOver = () -> another.lock(theirs, true, new NoKernelCache());
            side.handOver(Optional.empty());
            assertThatThrownBy(() -> write(side, file.handle(), 0, "x"))
                    .satisfies(e -> assertThat(Errno.of(e)).isEqualTo(Errno.EIO));
        }
        side.share.lock(new FileLock(1, file.handle(), 11, LockMode.NONE, 0, 9), false, new NoKernelCache());
        write(side, file.handle(), 0, "x");
    }

    @Test
    void aFileThatAnotherClientHasRemovedIsRefused() throws IOException {
        final Side side = side(CacheMode.OPEN);
        final Created file = side.share.create(ME, ROOT, name("a"), OpenFlags.RDWR, 0644, new NoKernelCache());
        Files.delete(side.export.resolve("a"));
        assertThatThrownBy(() -> side.share.handOver(soon())).hasMessageContaining("/a is open, and cannot be opened");
        write(side, file.handle(), 0, "it goes on");
        assertThat(read(side, file.handle())).isEqualTo("it goes on");
    }

    @Test
    void aDirectoryThatAnotherClientHasRemovedIsRefused() throws IOException {
        final Side side = side(CacheMode.OPEN);
        final long handle =
                side.share.opendir(side.share.mkdir(ME, ROOT, name("d"), 0755).node());
        Files.delete(side.export.resolve("d"));
        assertThatThrownBy(() -> side.share.handOver(soon())).hasMessageContaining("/d is open, and cannot be opened");
        side.share.releasedir(handle);
        assertThat(side.share.handOver(soon()).directories()).isEmpty();
    }

    @Test
    void anotherTreeIsRefused() throws IOException {
        final Side side = side(CacheMode.OPEN);
        final Side other = side(CacheMode.OPEN);
        final ShareState state = side.share.handOver(soon());
        try (Session session = other.connect()) {
            assertThatThrownBy(() -> Share.takeOver(session, other.options, Optional.empty(), state))
                    .hasMessageContaining("another directory");
        }
    }

    @Test
    void theNotesOfHiddenFilesStayThoseOfARunningMount() throws IOException {
        final Optional<Path> notes = Optional.of(temporary.resolve("removed/share"));
        final Side side = new Side(CacheMode.OPEN, notes);
        final Created file = side.share.create(ME, ROOT, name("a"), OpenFlags.RDWR, 0644, new NoKernelCache());
        write(side, file.handle(), 0, "kept");
        side.share.unlink(ROOT, name("a"));
        side.handOver(notes);
        // Another mount of the share removes the files that killed mounts have left.
        try (Session session = side.connect()) {
            Share.open(session, side.options, notes).close();
        }
        assertThat(read(side, file.handle())).isEqualTo("kept");
        side.share.release(file.handle());
        side.share.close();
        assertThat(temporary.resolve("removed/share")).doesNotExist();
    }

    /** Random operations give the same results on a share that is handed over again and again, and on another one. */
    @ParameterizedTest
    @EnumSource(CacheMode.class)
    void noOperationNoticesAHandOver(final CacheMode cache) throws IOException {
        for (int seed = 0; seed < 25; seed++) {
            final Side moving = side(cache);
            final Side staying = side(cache);
            final Random random = new Random(seed);
            final List<String> history = new ArrayList<>();
            final Known one = new Known(moving);
            final Known other = new Known(staying);
            for (int step = 0; step < 120; step++) {
                if (random.nextInt(6) == 0) {
                    moving.handOver(Optional.empty());
                    history.add("handed over");
                }
                final long choice = random.nextLong();
                final String expected = other.run(new Random(choice));
                history.add(expected);
                assertThat(one.run(new Random(choice)))
                        .as(() -> cache + ", " + String.join("\n", history))
                        .isEqualTo(expected);
            }
            close();
        }
    }

    private static void write(final Side side, final long handle, final long offset, final String text)
            throws IOException {
        final byte[] bytes = text.getBytes(UTF_8);
        final ByteBuffer data =
                ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
        assertThat(side.share.write(handle, offset, data, OpenFlags.RDWR)).isEqualTo(bytes.length);
    }

    private static String read(final Side side, final long handle) throws IOException {
        try (ReadResult result = side.share.read(handle, 0, 1000)) {
            final byte[] bytes = new byte[result.data().remaining()];
            result.data().get(bytes);
            return new String(bytes, UTF_8);
        }
    }

    private static String list(final Side side, final long node) throws IOException {
        final long handle = side.share.opendir(node);
        final StringBuilder names = new StringBuilder();
        try {
            side.share.readdir(handle, 0, entry -> {
                if (!entry.name().toString().startsWith(".")) {
                    names.append(entry.name()).append(' ');
                }
                return true;
            });
        } finally {
            side.share.releasedir(handle);
        }
        return names.toString();
    }

    /** The kernel's view of one share, and the operations that it may request. */
    private static final class Known {
        private final Side side;
        private final List<Long> nodes = new ArrayList<>(List.of(ROOT));

        /** The nodes of regular files, and those of the open ones. */
        private final Set<Long> plain = new HashSet<>();

        private final Set<Long> forReading = new HashSet<>();
        private final Map<Long, Long> nodeOfFile = new HashMap<>();
        private final List<Long> files = new ArrayList<>();
        private final List<long[]> directories = new ArrayList<>();

        Known(final Side side) {
            this.side = side;
        }

        private static ByteString anyName(final Random random) {
            return name("n" + random.nextInt(5));
        }

        private static <T> T any(final List<T> list, final Random random) {
            return list.get(random.nextInt(list.size()));
        }

        /** Runs an operation, and returns it with its result. */
        String run(final Random random) {
            final int kind = random.nextInt(18);
            final long node = any(nodes, random);
            final long node2 = any(nodes, random);
            final ByteString name = anyName(random);
            final ByteString name2 = anyName(random);
            String result;
            try {
                result = run(kind, node, node2, name, name2, random);
            } catch (final IOException e) {
                result = "errno " + Errno.of(e);
            }
            return kind + " " + node + " " + node2 + " " + name + " " + name2 + ": " + result;
        }

        private String run(
                final int kind,
                final long node,
                final long node2,
                final ByteString name,
                final ByteString name2,
                final Random random)
                throws IOException {
            final Share share = side.share;
            switch (kind) {
                case 0, 1 -> {
                    return found(share.lookup(node, name));
                }
                case 2, 3 -> {
                    final Created created = share.create(ME, node, name, OpenFlags.RDWR, 0644, new NoKernelCache());
                    files.add(created.handle());
                    nodeOfFile.put(created.handle(), created.entry().node());
                    return found(created.entry()) + " handle " + created.handle();
                }
                case 4 -> {
                    return found(share.mkdir(ME, node, name, 0755));
                }
                case 5 -> {
                    final int flags = random.nextBoolean() ? OpenFlags.RDWR : OpenFlags.RDONLY;
                    final long handle = share.open(node, flags, new NoKernelCache());
                    if (flags == OpenFlags.RDONLY) {
                        forReading.add(handle);
                    }
                    files.add(handle);
                    nodeOfFile.put(handle, node);
                    return "handle " + handle;
                }
                case 6 -> share.unlink(node, name);
                case 7 -> share.rmdir(node, name);
                case 8 -> share.rename(node, name, node2, name2);
                case 9 -> {
                    return found(share.link(node, node2, name));
                }
                case 10 -> {
                    final var attributes = share.getattr(node);
                    // Files of two exports have different numbers.
                    return (attributes.ino() >>> 62) + " " + Integer.toOctalString(attributes.mode()) + " "
                            + attributes.nlink() + " " + (plain.contains(node) ? attributes.size() : 0);
                }
                case 11 -> {
                    final long handle = share.opendir(node);
                    directories.add(new long[] {handle, 0});
                    return "handle " + handle;
                }
                case 12 -> {
                    return directories.isEmpty() ? "none" : someEntries(share, any(directories, random));
                }
                case 13 -> {
                    final int which = directories.isEmpty() ? -1 : random.nextInt(directories.size());
                    if (which >= 0) {
                        share.releasedir(directories.remove(which)[0]);
                    }
                }
                case 14 -> {
                    // Like the kernel, which needs the directories above, and the nodes of open files.
                    if (plain.contains(node) && !nodeOfFile.containsValue(node)) {
                        nodes.remove(node);
                        share.forget(node, 1);
                    }
                }
                default -> {
                    return files.isEmpty() ? "none" : useFile(kind, random.nextInt(files.size()), random);
                }
            }
            return "done";
        }

        private String found(final Entry entry) {
            nodes.add(entry.node());
            if ((entry.attributes().mode() & 0170000) == 0100000) {
                plain.add(entry.node());
            }
            return "node " + entry.node();
        }

        private String useFile(final int kind, final int which, final Random random) throws IOException {
            final long handle = files.get(which);
            if (kind == 15) {
                return read(side, handle);
            } else if (kind == 16 && !forReading.contains(handle)) {
                write(side, handle, random.nextInt(10), "data" + random.nextInt(100));
                return "written";
            } else if (random.nextBoolean()) {
                final LockMode mode = List.of(LockMode.values()).get(random.nextInt(3));
                side.share.lock(
                        new FileLock(1 + random.nextInt(2), handle, 1, mode, random.nextInt(5), 5 + random.nextInt(5)),
                        false,
                        new NoKernelCache());
                return "locked";
            }
            files.remove(which);
            nodeOfFile.remove(handle);
            side.share.release(handle);
            return "closed";
        }

        /** Reads up to two entries after those that were read before. */
        private static String someEntries(final Share share, final long... directory) throws IOException {
            final StringBuilder names = new StringBuilder();
            final int[] room = {2};
            share.readdir(directory[0], directory[1], entry -> {
                if (room[0]-- == 0) {
                    return false;
                }
                directory[1] = entry.offset();
                names.append(entry.name()).append(' ');
                return true;
            });
            return names.toString();
        }
    }
}
