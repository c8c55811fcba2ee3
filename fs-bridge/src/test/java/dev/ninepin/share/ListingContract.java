package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Created;
import dev.ninepin.operations.Entry;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.testing.BackgroundCall;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of what is remembered between listings with {@code cache=open}: the names, and the attributes of the files. */
abstract class ListingContract extends ShareFixture {
    private static final int FILES = 300;
    private static final ByteBuffer DATA = ByteBuffer.allocate(4);

    @Override
    protected CacheMode cache() {
        return CacheMode.OPEN;
    }

    @Test
    void namesOfADirectoryThatHasNotChangedTakeOneRequest() throws IOException {
        final List<String> names = makeFiles();
        listUntilRemembered(ROOT);

        final long before = messages();
        assertThat(list(ROOT)).isEqualTo(names);
        assertThat(messages() - before).isEqualTo(1);

        final long handle = share.opendir(ROOT);
        final List<Dirent> all = readAll(handle, 0, 1000);
        for (final int place : new int[] {0, 17, 200, FILES}) {
            assertThat(readAll(handle, all.get(place).offset(), 7)).isEqualTo(all.subList(place + 1, all.size()));
        }
        assertThat(all).extracting(entry -> entry.name().toString()).contains(".", "..");
        share.fsyncdir(handle, true);
        share.releasedir(handle);
    }

    /**
     * A program's buffer may be smaller than the kernel's. Then the kernel drops what does not fit, and asks for it
     * again.
     */
    @ParameterizedTest
    @ValueSource(ints = {1, 7, 19})
    void aListingThroughSmallBuffersTakesNoMoreRequestsAndIsRemembered(final int taken) throws IOException {
        makeFiles();
        final long first = count("Treaddir");
        final long whole = share.opendir(ROOT);
        final List<Dirent> all = readAll(whole, 0, 20);
        share.releasedir(whole);
        final long requests = count("Treaddir") - first;

        final long second = count("Treaddir");
        assertThat(listThroughSmallBuffers(taken)).isEqualTo(all);
        assertThat(count("Treaddir") - second).isEqualTo(requests);
        await().pollInSameThread().until(() -> {
            final long before = count("Treaddir");
            assertThat(listThroughSmallBuffers(taken)).isEqualTo(all);
            return count("Treaddir") == before;
        });
    }

    private List<Dirent> listThroughSmallBuffers(final int taken) throws IOException {
        final long handle = share.opendir(ROOT);
        final List<Dirent> all = new ArrayList<>();
        List<Dirent> page = readPage(handle, 0, 20);
        while (!page.isEmpty()) {
            all.addAll(page.subList(0, Math.min(taken, page.size())));
            page = readPage(handle, all.get(all.size() - 1).offset(), 20);
        }
        share.releasedir(handle);
        return all;
    }

    /** A change of the names in a directory, through this mount. */
    private enum OwnChange {
        CREATE {
            @Override
            void run(final ListingContract test) throws IOException {
                final Created file = test.create(ROOT, "new", OpenFlags.RDWR);
                test.share.release(file.handle());
            }
        },
        MKNOD {
            @Override
            void run(final ListingContract test) throws IOException {
                test.counted(test.share.mknod(test.me, ROOT, ByteString.of("new"), 0100644, 0));
            }
        },
        MKDIR {
            @Override
            void run(final ListingContract test) throws IOException {
                test.mkdir(ROOT, "new");
            }
        },
        SYMLINK {
            @Override
            void run(final ListingContract test) throws IOException {
                test.counted(test.share.symlink(test.me, ROOT, ByteString.of("new"), ByteString.of("target")));
            }
        },
        LINK {
            @Override
            void run(final ListingContract test) throws IOException {
                test.counted(test.share.link(test.lookup("file0"), ROOT, ByteString.of("new")));
            }
        },
        UNLINK {
            @Override
            void run(final ListingContract test) throws IOException {
                test.share.unlink(ROOT, ByteString.of("file0"));
            }
        },
        UNLINK_OPEN {
            @Override
            void run(final ListingContract test) throws IOException {
                final long handle = test.share.open(test.lookup("file0"), OpenFlags.RDONLY, NO_KERNEL);
                test.share.unlink(ROOT, ByteString.of("file0"));
                assertThat(test.list(ROOT)).doesNotContain("file0").noneMatch(each -> each.startsWith(".ninepin"));
                test.share.release(handle);
            }
        },
        RMDIR {
            @Override
            void run(final ListingContract test) throws IOException {
                test.share.rmdir(ROOT, ByteString.of("directory"));
            }
        },
        RENAME {
            @Override
            void run(final ListingContract test) throws IOException {
                test.share.rename(ROOT, ByteString.of("file0"), ROOT, ByteString.of("new"));
            }
        },
        RENAME_OVER {
            @Override
            void run(final ListingContract test) throws IOException {
                test.share.rename(ROOT, ByteString.of("file0"), ROOT, ByteString.of("file1"));
            }
        },
        RENAME_OUT {
            @Override
            void run(final ListingContract test) throws IOException {
                test.share.rename(ROOT, ByteString.of("file0"), test.lookup("directory"), ByteString.of("moved"));
            }
        },
        RENAME_IN {
            @Override
            void run(final ListingContract test) throws IOException {
                test.share.rename(test.lookup("directory"), ByteString.of("inner"), ROOT, ByteString.of("new"));
            }

            @Override
            void prepare(final ListingContract test) throws IOException {
                Files.createFile(test.export.resolve("directory/inner"));
            }
        },
        RENAME_WITHOUT_REPLACING {
            @Override
            void run(final ListingContract test) throws IOException {
                test.share.renameWithoutReplacing(ROOT, ByteString.of("file0"), ROOT, ByteString.of("new"));
            }
        };

        abstract void run(ListingContract test) throws IOException;

        void prepare(final ListingContract test) throws IOException {
            // Most changes need nothing.
        }
    }

    @ParameterizedTest
    @EnumSource
    void anOwnChangeIsListedAtOnce(final OwnChange change) throws IOException {
        makeFiles();
        Files.createDirectory(export.resolve("directory"));
        change.prepare(this);
        listUntilRemembered(ROOT);

        change.run(this);

        assertListed(ROOT, export);
    }

    @Test
    void aChangeByAnotherClientIsListedAtOnce() throws IOException {
        makeFiles();
        listUntilRemembered(ROOT);
        Files.createFile(export.resolve("new"));
        assertListed(ROOT, export);
        listUntilRemembered(ROOT);
        Files.delete(export.resolve("new"));
        assertListed(ROOT, export);
        listUntilRemembered(ROOT);
        Files.move(export.resolve("file0"), export.resolve("moved"));
        assertListed(ROOT, export);
    }

    /** Renames within one tick of the server's clock give the directory the same version. */
    @Test
    void changesInQuickSuccessionAreAllListed() throws IOException {
        final Path one = Files.createFile(export.resolve("one"));
        final Path other = export.resolve("two");
        for (int i = 0; i < 1000; i++) {
            Files.move(one, other);
            assertThat(list(ROOT)).containsExactly("two");
            Files.move(other, one);
            assertThat(list(ROOT)).containsExactly("one");
        }
    }

    @Test
    void aRewoundListingShowsThePresentState() throws IOException {
        makeFiles();
        listUntilRemembered(ROOT);
        final long handle = share.opendir(ROOT);
        assertThat(readAll(handle, 0, 100)).hasSize(FILES + 2);

        Files.createFile(export.resolve("new"));
        assertThat(readAll(handle, 0, 100)).hasSize(FILES + 3);
        Files.delete(export.resolve("new"));
        assertThat(readAll(handle, 0, 100)).hasSize(FILES + 2);

        share.releasedir(handle);
    }

    /** A page that was requested ahead belongs to the listing before. */
    @Test
    void aListingThatIsLeftInTheMiddleLeavesNothingBehind() throws IOException {
        makeFiles();
        final long handle = share.opendir(ROOT);
        final List<Dirent> some = readPage(handle, 0, 5);
        final List<Dirent> again = readPage(handle, 0, 5);
        assertThat(again).isEqualTo(some);
        share.releasedir(handle);

        assertThat(session.status().tagsUsed()).isLessThanOrEqualTo(1);
        await().untilAsserted(() -> assertThat(session.status().tagsUsed()).isZero());
    }

    @Test
    void aDirectoryThatWasRememberedAndReplacedIsNotListedInItsPlace() throws IOException {
        final Path directory = Files.createDirectory(export.resolve("directory"));
        Files.createFile(directory.resolve("before"));
        final long node = lookup("directory");
        listUntilRemembered(node);
        Files.move(directory, export.resolve("elsewhere"));
        Files.createFile(Files.createDirectory(directory).resolve("after"));

        // The kernel may use the node for the path a little longer.
        assertThat(list(node)).doesNotContain("before");
        assertThat(list(lookup("directory"))).containsExactly("after");
        assertThat(list(lookup("elsewhere"))).containsExactly("before");
    }

    // Attributes

    @Test
    void attributesThatWereJustReadAreNotRequestedAgain() throws IOException {
        makeFiles();
        final Map<String, Entry> second = new HashMap<>();
        // On a busy machine, a second may pass between the two.
        await().pollInSameThread().until(() -> {
            listWithAttributes();
            final long before = messages();
            second.putAll(listWithAttributes());
            return messages() - before == 1;
        });
        assertThat(second.values()).allMatch(entry -> entry.ageNanos() > 0);
        assertThat(second).hasSize(FILES);
        second.forEach((name, entry) -> assertSame(entry, export.resolve(name)));
    }

    @Test
    void attributesOfKnownFilesThatExpiredTakeOneRequestEach() throws IOException {
        makeFiles();
        listUntilRemembered(ROOT);
        listWithAttributes();
        for (int i = 0; i < FILES; i++) {
            // Reading may change the access time, so the attributes must be requested again.
            final long handle = share.open(lookup("file" + i), OpenFlags.RDONLY, NO_KERNEL);
            share.read(handle, 0, 1).close();
            share.release(handle);
        }

        final long walks = count("Twalk");
        final long requests = count("Tgetattr");
        final Map<String, Entry> found = listWithAttributes();

        assertThat(found).hasSize(FILES);
        assertThat(count("Tgetattr") - requests).isBetween((long) FILES, FILES + 1L);
        assertThat(count("Twalk") - walks).isLessThanOrEqualTo(1);
        found.forEach((name, entry) -> assertSame(entry, export.resolve(name)));
    }

    /** A change of a file's attributes, through this mount. */
    private enum OwnChangeOfFile {
        MODE {
            @Override
            void run(final ListingContract test, final long node) throws IOException {
                test.share.setattr(node, mode(0600));
            }
        },
        SIZE {
            @Override
            void run(final ListingContract test, final long node) throws IOException {
                test.share.setattr(node, size(7));
            }
        },
        WRITE {
            @Override
            void run(final ListingContract test, final long node) throws IOException {
                final long handle = test.share.open(node, OpenFlags.RDWR, NO_KERNEL);
                test.share.write(handle, 0, DATA.duplicate(), OpenFlags.RDWR);
                test.share.flush(handle, 1);
                test.share.release(handle);
            }
        },
        LINK {
            @Override
            void run(final ListingContract test, final long node) throws IOException {
                test.counted(test.share.link(node, ROOT, ByteString.of("link")));
            }
        },
        UNLINK_OF_A_LINK {
            @Override
            void run(final ListingContract test, final long node) throws IOException {
                test.counted(test.share.link(node, ROOT, ByteString.of("link")));
                test.listWithAttributes();
                test.share.unlink(ROOT, ByteString.of("link"));
            }
        },
        RENAME_AND_BACK {
            @Override
            void run(final ListingContract test, final long node) throws IOException {
                test.share.rename(ROOT, ByteString.of("file"), ROOT, ByteString.of("other"));
                test.listWithAttributes();
                test.share.rename(ROOT, ByteString.of("other"), ROOT, ByteString.of("file"));
            }
        },
        NAME_IN_DIRECTORY {
            @Override
            void run(final ListingContract test, final long node) throws IOException {
                test.mkdir(test.lookup("directory"), "new");
            }
        },
        NEW_FILE {
            @Override
            void run(final ListingContract test, final long node) throws IOException {
                test.counted(test.share.mknod(test.me, ROOT, ByteString.of("new"), 0100644, 0));
            }
        };

        abstract void run(ListingContract test, long node) throws IOException;
    }

    @ParameterizedTest
    @EnumSource
    void anOwnChangeOfAFileIsSeenInAListingAtOnce(final OwnChangeOfFile change) throws IOException {
        Files.write(export.resolve("file"), new byte[3]);
        Files.createDirectory(export.resolve("directory"));
        final long node = lookup("file");
        listUntilRemembered(ROOT);
        listWithAttributes();

        change.run(this, node);

        final Map<String, Entry> found = listWithAttributes();
        assertThat(found).containsKey("file");
        found.forEach((name, entry) -> assertSame(entry, export.resolve(name)));
    }

    /** The same name leads to another file, which the listing shows. */
    @Test
    void aFileThatWasReplacedIsNotTakenForTheOneBefore() throws IOException {
        makeFiles();
        listUntilRemembered(ROOT);
        final Map<String, Entry> before = listWithAttributes();
        Files.write(export.resolve("other"), new byte[5]);
        Files.move(export.resolve("other"), export.resolve("file7"), REPLACE_EXISTING);

        final Map<String, Entry> after = listWithAttributes();

        assertThat(after.get("file7").node()).isNotEqualTo(before.get("file7").node());
        assertSame(after.get("file7"), export.resolve("file7"));
    }

    @Test
    void nothingThatStaysIsLostOrDoubledWhileThisMountAndAnotherClientChangeTheDirectory() throws Exception {
        final List<String> staying = makeFiles();
        final AtomicBoolean over = new AtomicBoolean();
        // Held for writing while nothing changes, so that the listing is remembered and the next change must end it.
        final ReentrantReadWriteLock changing = new ReentrantReadWriteLock(true);
        final BackgroundCall<Integer> other = BackgroundCall.start("another client", () -> {
            int changes = 0;
            while (!over.get()) {
                final Path file = export.resolve("passing" + changes % 20);
                changing.readLock().lock();
                try {
                    if (!Files.deleteIfExists(file)) {
                        Files.createFile(file);
                    }
                } finally {
                    changing.readLock().unlock();
                }
                changes++;
            }
            return changes;
        });
        final BackgroundCall<Integer> own = BackgroundCall.start("this mount", () -> {
            int changes = 0;
            while (!over.get()) {
                changing.readLock().lock();
                try {
                    share.forget(
                            share.mknod(me, ROOT, ByteString.of("passing-here"), 0100644, 0)
                                    .node(),
                            1);
                    share.unlink(ROOT, ByteString.of("passing-here"));
                } finally {
                    changing.readLock().unlock();
                }
                changes++;
            }
            return changes;
        });
        try {
            for (int i = 0; i < 60; i++) {
                if (i % 6 == 0) {
                    changing.writeLock().lock();
                    try {
                        listUntilRemembered(ROOT);
                        assertListed(ROOT, export);
                    } finally {
                        changing.writeLock().unlock();
                    }
                }
                final int atOnce = 1 + i * 7 % 128;
                final long handle = share.opendir(ROOT);
                final List<String> names = new ArrayList<>();
                List<Dirent> page;
                long cookie = 0;
                do {
                    final List<Dirent> read = new ArrayList<>();
                    final long since = share.readdir(handle, cookie, entry -> read.size() < atOnce && read.add(entry));
                    page = read;
                    final List<Dirent> wanted = withoutDots(read);
                    share.lookupAll(ROOT, wanted, since)
                            .forEach(each -> each.ifPresent(entry -> share.forget(entry.node(), 1)));
                    wanted.forEach(entry -> names.add(entry.name().toString()));
                    cookie = read.isEmpty() ? cookie : read.get(read.size() - 1).offset();
                } while (!page.isEmpty());
                share.releasedir(handle);
                assertThat(names.stream()
                                .filter(name -> !name.startsWith("passing"))
                                .sorted())
                        .isEqualTo(staying);
            }
        } finally {
            over.set(true);
        }
        assertThat(other.result()).isPositive();
        assertThat(own.result()).isPositive();
        other.close();
        own.close();
    }

    // What the tests share

    private List<String> makeFiles() throws IOException {
        for (int i = 0; i < FILES; i++) {
            Files.createFile(export.resolve("file" + i));
        }
        return IntStream.range(0, FILES).mapToObj(i -> "file" + i).sorted().toList();
    }

    /** Lists a directory until its listing is remembered: the tick of its last change must be over. */
    private void listUntilRemembered(final long directory) {
        await().pollInSameThread().until(() -> {
            list(directory);
            final long before = count("Treaddir");
            list(directory);
            return count("Treaddir") == before;
        });
    }

    private void assertListed(final long directory, final Path onDisk) throws IOException {
        try (Stream<Path> files = Files.list(onDisk)) {
            assertThat(list(directory))
                    .containsExactlyInAnyOrderElementsOf(
                            files.map(file -> file.getFileName().toString()).toList());
        }
    }

    /** Lists the root as {@code ls -l} does. Each name is looked up, if the listing did not bring its attributes. */
    private Map<String, Entry> listWithAttributes() throws IOException {
        final Map<String, Entry> all = new HashMap<>();
        final long handle = share.opendir(ROOT);
        final List<Dirent> names = new ArrayList<>();
        final long since = share.readdir(handle, 0, names::add);
        share.releasedir(handle);
        final List<Dirent> wanted = withoutDots(names);
        final List<Optional<Entry>> found = share.lookupAll(ROOT, wanted, since);
        for (int i = 0; i < wanted.size(); i++) {
            final Entry entry = found.get(i).isPresent()
                    ? found.get(i).get()
                    : share.lookup(ROOT, wanted.get(i).name());
            counted(entry);
            all.put(wanted.get(i).name().toString(), entry);
        }
        return all;
    }

    private static List<Dirent> withoutDots(final List<Dirent> entries) {
        return entries.stream()
                .filter(entry -> !entry.name().equals(ByteString.of("."))
                        && !entry.name().equals(ByteString.of("..")))
                .toList();
    }

    private static void assertSame(final Entry entry, final Path file) {
        final Attributes attributes = entry.attributes();
        try {
            final Map<String, Object> there = Files.readAttributes(
                    file, "unix:ino,size,nlink,lastModifiedTime,ctime,mode", LinkOption.NOFOLLOW_LINKS);
            assertThat(attributes.ino()).isEqualTo(there.get("ino"));
            assertThat(attributes.size()).isEqualTo(there.get("size"));
            assertThat((int) attributes.nlink()).isEqualTo(there.get("nlink"));
            assertThat(attributes.mode()).isEqualTo(there.get("mode"));
            assertThat(attributes.mtime().seconds() * 1_000_000_000L
                            + attributes.mtime().nanos())
                    .isEqualTo(nanos(there.get("lastModifiedTime")));
            assertThat(attributes.ctime().seconds() * 1_000_000_000L
                            + attributes.ctime().nanos())
                    .isEqualTo(nanos(there.get("ctime")));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long nanos(final Object time) {
        return ((FileTime) time).to(TimeUnit.NANOSECONDS);
    }

    private long messages() {
        // Nobody waits for a Tclunk, so it may be counted late.
        return session.status().messages().stream()
                .filter(message -> !message.name().equals("Tclunk"))
                .mapToLong(message -> message.count())
                .sum();
    }

    private long count(final String message) {
        return session.status().messages().stream()
                .filter(each -> each.name().equals(message))
                .mapToLong(each -> each.count())
                .sum();
    }
}
