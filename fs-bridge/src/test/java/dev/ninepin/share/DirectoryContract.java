package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.Created;
import dev.ninepin.operations.Errno;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.ServerKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Tests of directory listings, run with each server. */
abstract class DirectoryContract extends ShareFixture {
    private static final int FILES = 10_000;

    @Test
    void anEmptyDirectoryHasItselfAndItsParent() throws IOException {
        final long directory = mkdir(ROOT, "directory");
        final long handle = share.opendir(directory);

        assertThat(namesOf(readAll(handle, 0, 1))).containsExactlyInAnyOrder(".", "..");

        if (server.kind() == ServerKind.GANESHA) {
            assertErrno(Errno.EINVAL, () -> share.fsyncdir(handle, false));
        } else {
            share.fsyncdir(handle, false);
        }
        share.releasedir(handle);
    }

    /** The directory above the export is not part of the file system that programs see. */
    @Test
    void theParentOfTheRootIsTheRoot() throws IOException {
        final long handle = share.opendir(ROOT);

        final Dirent parent = readAll(handle, 0, 1).stream()
                .filter(entry -> entry.name().equals(name("..")))
                .findFirst()
                .orElseThrow();

        assertThat(parent.qid().path()).isEqualTo(share.getattr(ROOT).ino());
        share.releasedir(handle);
    }

    @Test
    void everyEntryComesOnceHoweverLittleIsTakenAtATime() throws IOException {
        final Set<String> expected = makeFiles(500);

        for (final int atOnce : new int[] {1, 3, 100, 1000}) {
            final long handle = share.opendir(ROOT);
            final List<String> names = namesOf(readAll(handle, 0, atOnce));
            assertThat(names).hasSize(502).doesNotHaveDuplicates().containsAll(expected);
            share.releasedir(handle);
        }
    }

    @Test
    void aListingGoesOnFromAnyCookie() throws IOException {
        makeFiles(300);
        final long handle = share.opendir(ROOT);
        final List<Dirent> all = readAll(handle, 0, 1000);
        final Random random = new Random(7);

        for (int i = 0; i < 100; i++) {
            final int position = random.nextInt(all.size());
            final List<Dirent> rest = readAll(handle, all.get(position).offset(), 1 + random.nextInt(50));
            assertThat(namesOf(rest)).isEqualTo(namesOf(all.subList(position + 1, all.size())));
        }
        assertThat(namesOf(readAll(handle, 0, 10))).isEqualTo(namesOf(all));
        share.releasedir(handle);
    }

    /** A 32-bit program takes a directory with larger cookies for an empty one. */
    @Test
    void everyCookieIsSmall() throws IOException {
        makeFiles(300);
        final long handle = share.opendir(ROOT);

        assertThat(readAll(handle, 0, 7)).allMatch(entry -> entry.offset() > 0 && entry.offset() < 1L << 31);
        share.releasedir(handle);
    }

    @LongRun
    @Test
    void nothingThatStaysIsLostOrDoubledWhileOtherEntriesComeAndGo() throws Exception {
        final List<String> staying = Stream.concat(Stream.of(".", ".."), makeFiles(FILES).stream())
                .sorted()
                .toList();
        final AtomicBoolean over = new AtomicBoolean();
        final BackgroundCall<Integer> changer = BackgroundCall.start("changer", () -> {
            int changes = 0;
            while (!over.get()) {
                final Path file = export.resolve("passing" + changes % 200);
                if (!Files.deleteIfExists(file)) {
                    Files.createFile(file);
                }
                changes++;
            }
            return changes;
        });
        try {
            for (final int atOnce : new int[] {37, 128}) {
                final long handle = share.opendir(ROOT);
                final List<String> names = namesOf(readAll(handle, 0, atOnce)).stream()
                        .filter(name -> !name.startsWith("passing"))
                        .sorted()
                        .toList();
                // Sorted lists are compared in linear time; containsAll would search the list for each file.
                assertThat(names).isEqualTo(staying);
                share.releasedir(handle);
            }
        } finally {
            over.set(true);
        }
        assertThat(changer.result()).isPositive();
        changer.close();
    }

    @Test
    void entriesSayWhatTheyAre() throws IOException {
        mkdir(ROOT, "directory");
        file(ROOT, "file", new byte[0]);
        final long handle = share.opendir(ROOT);

        for (final Dirent entry : readAll(handle, 0, 10)) {
            // DT_UNKNOWN 0, DT_DIR 4, DT_REG 8; in a mapped export the server does not know the type.
            final int known = entry.name().equals(name("file")) ? 8 : 4;
            assertThat(entry.type()).isIn(known, !server.kind().isMapped() ? known : 0);
        }
        share.releasedir(handle);
    }

    @Test
    void whatWasPutAsideIsNotListedByThisMountAndOtherFilesWithSuchNamesAre() throws IOException {
        final Created file = create(ROOT, "file", OpenFlags.RDWR);
        Files.createFile(export.resolve(".ninepin-not-ours"));
        share.unlink(ROOT, name("file"));

        assertThat(list(ROOT)).containsExactly(".ninepin-not-ours");

        share.release(file.handle());
        Files.delete(export.resolve(".ninepin-not-ours"));
    }

    private Set<String> makeFiles(final int count) throws IOException {
        final Set<String> names = new HashSet<>();
        for (int i = 0; i < count; i++) {
            names.add("file" + i);
            Files.createFile(export.resolve("file" + i));
        }
        return names;
    }

    private static List<String> namesOf(final List<Dirent> entries) {
        final List<String> names = new ArrayList<>();
        entries.forEach(entry -> names.add(entry.name().toString()));
        return names;
    }
}
