package dev.ninepin.share;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Created;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.operations.Timestamp;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Tlcreate;
import dev.ninepin.p9.Tlink;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Tmkdir;
import dev.ninepin.p9.Tmknod;
import dev.ninepin.p9.Tremove;
import dev.ninepin.p9.Trename;
import dev.ninepin.p9.Trenameat;
import dev.ninepin.p9.Tsymlink;
import dev.ninepin.p9.Tunlinkat;
import dev.ninepin.p9.Twrite;
import dev.ninepin.p9.Txattrcreate;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.Cuts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A test of each operation with a connection that is cut. The cut is made at each kind of request that the operation
 * sends: once before the server receives the request, and once before the answer arrives. The operation must succeed
 * and be done once. Where docs/decisions/0048-reconnection.md says so, it may fail with EIO, and must not be done
 * twice.
 */
abstract class ReconnectionMatrix extends ShareFixture {
    /** More entries than one reply has. */
    private static final int ENTRIES = 3000;

    private static final int FILES = 200;

    /** How many writes follow each other. */
    private static final int PARTS = 30;

    private static final Set<Class<? extends Tmessage>> CHANGES_OF_NAMES = Set.of(
            Tlcreate.class,
            Tsymlink.class,
            Tmknod.class,
            Tmkdir.class,
            Tlink.class,
            Trename.class,
            Trenameat.class,
            Tunlinkat.class,
            Tremove.class);

    private final Cuts cuts = new Cuts();
    private final List<Long> handles = new ArrayList<>();

    /** An operation, prepared on files of its own. */
    interface Prepared {
        void run() throws IOException;

        /**
         * Checks what the server has.
         *
         * @param done whether the operation has succeeded
         */
        void check(boolean done) throws IOException;
    }

    /** The operations, each with a way to prepare it on files that have {@code name} in their names. */
    enum Operation {
        LOOKUP {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                test.put(name, "contents");
                return only(() -> test.lookup(name));
            }
        },
        GETATTR {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                test.put(name, "contents");
                final long node = test.lookup(name);
                return only(() -> assertThat(test.share.getattr(node).size()).isEqualTo(8));
            }
        },
        READLINK {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                Files.createSymbolicLink(test.there(name), Path.of("target"));
                final long node = test.lookup(name);
                return only(() -> assertThat(test.share.readlink(node)).isEqualTo(bytes("target")));
            }
        },
        STATFS {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) {
                return only(
                        () -> assertThat(test.share.statfs(FileOperations.ROOT).namelen())
                                .isPositive());
            }
        },
        OPEN_AND_READ {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                test.put(name, "contents");
                final long node = test.lookup(name);
                return only(() -> {
                    final long handle = test.opened(test.share.open(node, OpenFlags.RDONLY, NO_KERNEL));
                    assertThat(test.text(handle)).isEqualTo("contents");
                });
            }
        },
        OPEN_AGAIN {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                test.put(name, "contents");
                final long node = test.lookup(name);
                // From the third open on, the fid was made ahead.
                test.openAndRead(node);
                test.openAndRead(node);
                return only(() -> {
                    test.openAndRead(node);
                    test.openAndRead(node);
                });
            }
        },
        OPEN_AND_WRITE {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                test.put(name, "contents");
                final long node = test.lookup(name);
                return of(
                        () -> {
                            final long handle = test.opened(test.share.open(node, OpenFlags.RDWR, NO_KERNEL));
                            test.write(handle, 0, "CON", OpenFlags.RDWR);
                            test.share.flush(handle, 1);
                        },
                        done -> test.assertContents(name, "CONtents"));
            }
        },
        READ_WHAT_IS_OPEN {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                final byte[] contents = pattern(1 << 20);
                Files.write(test.there(name), contents);
                final long handle = test.opened(test.share.open(test.lookup(name), OpenFlags.RDONLY, NO_KERNEL));
                return only(() -> assertThat(test.read(handle, 1, 1 << 20))
                        .isEqualTo(Arrays.copyOfRange(contents, 1, contents.length)));
            }
        },
        LIST {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                final Path directory = Files.createDirectory(test.there(name));
                for (int i = 0; i < ENTRIES; i++) {
                    Files.createFile(directory.resolve("an-entry-with-a-long-name-so-that-there-are-pages-" + i));
                }
                final long handle = test.share.opendir(test.lookup(name));
                // Some of the entries are read before the cut.
                final List<Dirent> first = test.readPage(handle, 0, 100);
                return only(() -> {
                    final List<Dirent> all = new ArrayList<>(first);
                    all.addAll(test.readAll(handle, first.get(99).offset(), 1000));
                    test.share.releasedir(handle);
                    assertThat(all.stream().map(entry -> entry.name().toString()))
                            .doesNotHaveDuplicates();
                    assertThat(all).hasSize(ENTRIES + 2);
                });
            }
        },
        LIST_WITH_ATTRIBUTES {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                final Path directory = Files.createDirectory(test.there(name));
                for (int i = 0; i < FILES; i++) {
                    Files.writeString(directory.resolve("file" + i), "contents");
                }
                final long node = test.lookup(name);
                // The second time, the files are known, and the listing may be.
                return only(() -> {
                    test.listWithAttributes(node);
                    test.listWithAttributes(node);
                });
            }
        },
        FSYNC {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                test.put(name, "contents");
                final long handle = test.opened(test.share.open(test.lookup(name), OpenFlags.RDWR, NO_KERNEL));
                test.write(handle, 0, "CON", OpenFlags.RDWR);
                return of(() -> test.share.fsync(handle, false), done -> test.assertContents(name, "CONtents"));
            }
        },
        WRITE {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                test.put(name, "contents");
                final long handle = test.opened(test.share.open(test.lookup(name), OpenFlags.RDWR, NO_KERNEL));
                return of(
                        () -> {
                            assertThat(test.write(handle, 3, "TENTS", OpenFlags.RDWR))
                                    .isEqualTo(5);
                            test.share.flush(handle, 1);
                        },
                        done -> test.assertContents(name, "conTENTS"));
            }
        },
        WRITE_MUCH {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                final byte[] contents = pattern(1 << 20);
                test.put(name, "");
                final long handle = test.opened(test.share.open(test.lookup(name), OpenFlags.RDWR, NO_KERNEL));
                return of(
                        () -> {
                            for (int i = 0; i < 4; i++) {
                                final int part = contents.length / 4;
                                assertThat(test.share.write(
                                                handle,
                                                (long) i * part,
                                                ByteBuffer.wrap(contents, i * part, part)
                                                        .slice(),
                                                OpenFlags.RDWR))
                                        .isEqualTo(part);
                            }
                            test.share.flush(handle, 1);
                        },
                        done -> assertThat(Files.readAllBytes(test.there(name))).isEqualTo(contents));
            }
        },
        APPEND {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                test.put(name, "contents");
                final int flags = OpenFlags.WRONLY | OpenFlags.APPEND;
                final long handle = test.opened(test.share.open(test.lookup(name), flags, NO_KERNEL));
                return of(
                        () -> {
                            test.write(handle, 8, "+", flags);
                            test.share.flush(handle, 1);
                        },
                        done -> assertThat(Files.readString(test.there(name)))
                                .isIn(done ? List.of("contents+") : List.of("contents", "contents+")));
            }

            @Override
            boolean mayFail(final Class<? extends Tmessage> kind) {
                return kind == Twrite.class;
            }
        },
        WRITE_IN_SMALL_PARTS {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                test.put(name, "");
                final long handle = test.opened(test.share.open(test.lookup(name), OpenFlags.RDWR, NO_KERNEL));
                return of(() -> test.writeParts(handle, OpenFlags.RDWR), done -> test.assertContents(name, parts()));
            }
        },
        APPEND_IN_SMALL_PARTS {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                test.put(name, "");
                final int flags = OpenFlags.WRONLY | OpenFlags.APPEND;
                final long handle = test.opened(test.share.open(test.lookup(name), flags, NO_KERNEL));
                return of(() -> test.writeParts(handle, flags), done -> {
                    final String there = Files.readString(test.there(name));
                    assertThat(parts()).startsWith(there);
                    assertThat(there.length() == parts().length() || !done).isTrue();
                });
            }

            @Override
            boolean mayFail(final Class<? extends Tmessage> kind) {
                return kind == Twrite.class;
            }
        },
        CREATE {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) {
                return of(() -> test.createAndWrite(name, OpenFlags.RDWR), done -> test.assertContents(name, "new"));
            }

            @Override
            boolean mayFail(final Class<? extends Tmessage> kind) {
                return false;
            }
        },
        CREATE_EXCLUSIVELY {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) {
                return of(
                        () -> test.createAndWrite(name, OpenFlags.RDWR | OpenFlags.EXCL),
                        done -> test.assertContentsIf(done, name, "new"));
            }
        },
        MKDIR {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) {
                return of(() -> test.mkdir(FileOperations.ROOT, name), done -> assertThat(
                                !done || Files.isDirectory(test.there(name)))
                        .isTrue());
            }
        },
        SYMLINK {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) {
                return of(
                        () -> test.counted(
                                test.share.symlink(test.me, FileOperations.ROOT, bytes(name), bytes("target"))),
                        done -> assertThat(!done || Files.isSymbolicLink(test.there(name)))
                                .isTrue());
            }
        },
        MKNOD {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) {
                return of(
                        () -> test.counted(test.share.mknod(test.me, FileOperations.ROOT, bytes(name), 0100644, 0)),
                        done -> assertThat(!done || Files.isRegularFile(test.there(name)))
                                .isTrue());
            }
        },
        LINK {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                test.put(name, "contents");
                final long node = test.lookup(name);
                return of(
                        () -> test.counted(test.share.link(node, FileOperations.ROOT, bytes(name + "-link"))),
                        done -> test.assertContentsIf(done, name + "-link", "contents"));
            }
        },
        RENAME {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                test.put(name, "contents");
                test.lookup(name);
                return of(() -> test.rename(name), done -> test.assertRenamed(name));
            }

            @Override
            boolean mayFail(final Class<? extends Tmessage> kind) {
                return false;
            }
        },
        RENAME_DIRECTORY {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                Files.createDirectory(test.there(name));
                test.put(name + "/file", "below");
                test.lookup(name + "/file");
                return of(
                        () -> {
                            test.rename(name);
                            test.lookup(name + "-new/file");
                        },
                        done -> test.assertRenamed(name));
            }

            @Override
            boolean mayFail(final Class<? extends Tmessage> kind) {
                return false;
            }
        },
        RENAME_OVER_AN_OPEN_FILE {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                test.put(name, "contents");
                test.put(name + "-new", "replaced");
                test.lookup(name);
                final long handle =
                        test.opened(test.share.open(test.lookup(name + "-new"), OpenFlags.RDONLY, NO_KERNEL));
                return of(
                        () -> {
                            test.rename(name);
                            assertThat(test.text(handle)).isEqualTo("replaced");
                        },
                        done -> test.assertRenamed(name));
            }

            @Override
            boolean mayFail(final Class<? extends Tmessage> kind) {
                return false;
            }
        },
        UNLINK {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                test.put(name, "contents");
                test.lookup(name);
                return of(() -> test.share.unlink(FileOperations.ROOT, bytes(name)), done -> assertThat(
                                done && Files.exists(test.there(name)))
                        .isFalse());
            }
        },
        UNLINK_AN_OPEN_FILE {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                test.put(name, "contents");
                final long handle = test.share.open(test.lookup(name), OpenFlags.RDWR, NO_KERNEL);
                return of(
                        () -> {
                            test.share.unlink(FileOperations.ROOT, bytes(name));
                            test.write(handle, 0, "C", OpenFlags.RDWR);
                            assertThat(test.text(handle)).isEqualTo("Contents");
                            test.share.release(handle);
                        },
                        done -> assertThat(Files.exists(test.there(name))).isFalse());
            }

            @Override
            boolean mayFail(final Class<? extends Tmessage> kind) {
                return false;
            }
        },
        RMDIR {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                Files.createDirectory(test.there(name));
                test.lookup(name);
                return of(() -> test.share.rmdir(FileOperations.ROOT, bytes(name)), done -> assertThat(
                                done && Files.exists(test.there(name)))
                        .isFalse());
            }
        },
        TRUNCATE {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                test.put(name, "contents");
                final long node = test.lookup(name);
                return of(() -> test.share.setattr(node, size(3)), done -> test.assertContents(name, "con"));
            }
        },
        TRUNCATE_WHAT_IS_OPEN {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                test.put(name, "contents");
                final long handle = test.opened(test.share.open(test.lookup(name), OpenFlags.RDWR, NO_KERNEL));
                return of(() -> test.share.setattrOfOpen(handle, size(3)), done -> test.assertContents(name, "con"));
            }
        },
        SET_TIMES {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                test.put(name, "contents");
                final long node = test.lookup(name);
                return of(
                        () -> test.share.setattr(node, times(new Timestamp(1, 0), new Timestamp(2, 0))),
                        done -> assertThat(Files.getLastModifiedTime(test.there(name))
                                        .toMillis())
                                .isEqualTo(2000));
            }
        },
        SET_XATTR {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                test.put(name, "contents");
                final long node = test.lookup(name);
                return only(() -> {
                    test.share.setxattr(test.me, node, bytes("user.test"), ByteBuffer.wrap(new byte[] {1, 2}), 0);
                    assertThat(test.share.getxattr(node, bytes("user.test"), 10))
                            .containsExactly(1, 2);
                    assertThat(new String(test.share.listxattr(node, 1000), UTF_8))
                            .contains("user.test\0");
                });
            }
        },
        CREATE_XATTR {
            @Override
            Prepared prepare(final ReconnectionMatrix test, final String name) throws IOException {
                test.put(name, "contents");
                final long node = test.lookup(name);
                return only(() ->
                        test.share.setxattr(test.me, node, bytes("user.test"), ByteBuffer.wrap(new byte[] {1, 2}), 1));
            }

            @Override
            boolean mayFail(final Class<? extends Tmessage> kind) {
                return kind == Txattrcreate.class || kind == Twrite.class || kind == Tclunk.class;
            }
        };

        abstract Prepared prepare(ReconnectionMatrix test, String name) throws IOException;

        /** Returns whether the operation may fail with EIO if the connection is cut at a kind of request. */
        boolean mayFail(final Class<? extends Tmessage> kind) {
            return CHANGES_OF_NAMES.contains(kind);
        }

        interface Action {
            void run() throws IOException;
        }

        interface Check {
            void run(boolean done) throws IOException;
        }

        private static ByteString bytes(final String text) {
            return ByteString.of(text);
        }

        private static Prepared only(final Action action) {
            return of(action, done -> {});
        }

        private static Prepared of(final Action action, final Check check) {
            return new Prepared() {
                @Override
                public void run() throws IOException {
                    action.run();
                }

                @Override
                public void check(final boolean done) throws IOException {
                    check.run(done);
                }
            };
        }

        private static String parts() {
            return IntStream.range(0, PARTS).mapToObj(ReconnectionMatrix::part).collect(Collectors.joining());
        }

        private static byte[] pattern(final int size) {
            final byte[] bytes = new byte[size];
            for (int i = 0; i < size; i++) {
                bytes[i] = (byte) (i * 31 + i / 1000);
            }
            return bytes;
        }
    }

    private final CacheMode cache;

    ReconnectionMatrix(final CacheMode cache) {
        this.cache = cache;
    }

    @Override
    protected Session connect(final SessionOptions options) throws IOException {
        return connectAgainAndAgain(options, cuts);
    }

    @Override
    protected Share open(final ShareOptions options) throws IOException {
        return super.open(options.withCache(cache));
    }

    private Path there(final String name) {
        return export.resolve(name);
    }

    private void put(final String name, final String contents) throws IOException {
        Files.writeString(there(name), contents);
    }

    private long opened(final long handle) {
        handles.add(handle);
        return handle;
    }

    private void createAndWrite(final String name, final int flags) throws IOException {
        final Created created = create(FileOperations.ROOT, name, flags);
        opened(created.handle());
        assertThat(write(created.handle(), 0, "new", OpenFlags.RDWR)).isEqualTo(3);
        share.flush(created.handle(), 1);
    }

    private void openAndRead(final long node) throws IOException {
        final long handle = share.open(node, OpenFlags.RDONLY, NO_KERNEL);
        try {
            assertThat(text(handle)).isEqualTo("contents");
        } finally {
            share.release(handle);
        }
    }

    private void listWithAttributes(final long node) throws IOException {
        final long handle = share.opendir(node);
        final List<Dirent> names = new ArrayList<>();
        final long since;
        try {
            since = share.readdir(handle, 0, names::add);
            names.addAll(readAll(handle, names.get(names.size() - 1).offset(), FILES));
        } finally {
            share.releasedir(handle);
        }
        names.removeIf(ReconnectionMatrix::isDot);
        assertThat(names).hasSize(FILES);
        for (final Optional<Entry> found : share.lookupAll(node, names, since)) {
            final Entry entry = found.orElseThrow();
            counted(entry);
            assertThat(entry.attributes().size()).isEqualTo(8);
        }
    }

    private static boolean isDot(final Dirent entry) {
        return entry.name().equals(name(".")) || entry.name().equals(name(".."));
    }

    private static String part(final int number) {
        return "the part with the number " + number + "\n";
    }

    private void writeParts(final long handle, final int flags) throws IOException {
        long offset = 0;
        for (int i = 0; i < PARTS; i++) {
            assertThat(write(handle, offset, part(i), flags)).isEqualTo(part(i).length());
            offset += part(i).length();
        }
        share.flush(handle, 1);
    }

    private void rename(final String name) throws IOException {
        share.rename(FileOperations.ROOT, name(name), FileOperations.ROOT, name(name + "-new"));
    }

    private void assertRenamed(final String name) {
        assertThat(Files.exists(there(name), LinkOption.NOFOLLOW_LINKS)).isFalse();
        assertThat(Files.exists(there(name + "-new"))).isTrue();
    }

    private void assertContents(final String name, final String contents) throws IOException {
        assertThat(Files.readString(there(name))).isEqualTo(contents);
    }

    private void assertContentsIf(final boolean done, final String name, final String contents) throws IOException {
        if (done) {
            assertContents(name, contents);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whereverTheConnectionIsCutTheOperationIsDoneOnceOrFails(final Operation operation) throws Exception {
        // A first run, so that the session has learned what it learns once about a server.
        operation.prepare(this, "first").run();
        final Prepared uncut = operation.prepare(this, "uncut");
        cuts.record();
        uncut.run();
        final Set<Class<? extends Tmessage>> kinds = cuts.sent();
        uncut.check(true);
        assertThat(kinds).isNotEmpty();
        int number = 0;
        for (final Class<? extends Tmessage> kind : kinds) {
            for (final Cuts.Moment moment : Cuts.Moment.values()) {
                number++;
                cutAt(kind, moment, operation, "cut" + number);
            }
        }
        assertThat(cuts.made()).as("cuts of %s", kinds).isGreaterThanOrEqualTo(kinds.size());
        for (final long handle : handles) {
            share.release(handle);
        }
        await().untilAsserted(() -> assertThat(session.status().tagsUsed()).isZero());
    }

    private void cutAt(
            final Class<? extends Tmessage> kind,
            final Cuts.Moment moment,
            final Operation operation,
            final String name)
            throws IOException {
        final String what = operation + " with the connection cut at " + kind.getSimpleName() + " " + moment;
        final Prepared prepared = operation.prepare(this, name);
        cuts.plan(kind, moment);
        boolean done = false;
        try {
            prepared.run();
            done = true;
        } catch (final IOException e) {
            if (Errno.of(e) != Errno.EIO || !operation.mayFail(kind)) {
                fail(what, e);
            }
        } catch (final AssertionError e) {
            throw new AssertionError(what, e);
        }
        cuts.cancel();
        try {
            prepared.check(done);
        } catch (final AssertionError e) {
            throw new AssertionError(what + (done ? ", done" : ", failed"), e);
        }
    }
}
