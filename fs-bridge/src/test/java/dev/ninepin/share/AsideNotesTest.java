package dev.ninepin.share;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.p9.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AsideNotesTest {
    @TempDir
    private Path temporary;

    private Path directory;

    @BeforeEach
    void nameADirectory() {
        directory = temporary.resolve("state/share");
    }

    @Test
    void whatAMountLeavesTheNextOneFinds() throws IOException {
        final List<ByteString> path = List.of(ByteString.of("a b"), ByteString.copyOf((byte) 0xff, (byte) '\n'));
        final ByteString name;
        final ByteString inRoot;
        try (AsideNotes notes = AsideNotes.in(directory)) {
            name = notes.newName();
            inRoot = notes.newName();
            notes.add(name, Optional.of(List.of(ByteString.of("elsewhere"))));
            notes.add(name, Optional.of(path));
            notes.add(inRoot, Optional.of(List.of()));
            assertThat(notes.left()).isEmpty();
        }

        try (AsideNotes notes = AsideNotes.in(directory)) {
            assertThat(notes.left())
                    .containsExactlyInAnyOrder(new AsideNotes.Left(name, path), new AsideNotes.Left(inRoot, List.of()));
            assertThat(notes.isOurs(name)).isFalse();
            notes.remove(name);
            assertThat(notes.left()).containsExactly(new AsideNotes.Left(inRoot, List.of()));
            notes.remove(inRoot);
        }
        assertThat(directory).doesNotExist();
    }

    @Test
    void nothingIsLeftOfWhatWasRemovedOrWhoseDirectoryIsNotKnown() throws IOException {
        try (AsideNotes notes = AsideNotes.in(directory)) {
            final ByteString name = notes.newName();
            assertThat(notes.isOurs(name)).isTrue();
            notes.add(name, Optional.of(List.of()));
            notes.remove(name);
            notes.add(notes.newName(), Optional.empty());
        }

        assertThat(directory).doesNotExist();
    }

    @Test
    void whatALivingMountHasPutAsideIsNotLeft() throws Exception {
        final Path notesOfAnother = Files.createDirectories(directory);
        final String prefix = ".ninepin-0123456789abcdef-";
        Files.write(notesOfAnother.resolve(prefix + "1"), new byte[0]);
        final Process another = new ProcessBuilder(
                        "python3",
                        "-c",
                        """
                        import fcntl, sys
                        lock = open(sys.argv[1], 'w')
                        fcntl.lockf(lock, fcntl.LOCK_EX)
                        print('locked', flush=True)
                        sys.stdin.read()
                        """,
                        notesOfAnother.resolve(prefix + ".lock").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (AsideNotes notes = AsideNotes.in(directory)) {
            assertThat(another.inputReader().readLine()).isEqualTo("locked");
            assertThat(notes.left()).isEmpty();

            another.destroyForcibly();
            assertThat(another.waitFor(30, TimeUnit.SECONDS)).isTrue();

            assertThat(notes.left()).containsExactly(new AsideNotes.Left(ByteString.of(prefix + "1"), List.of()));
            try (Stream<Path> locks = Files.list(directory)) {
                assertThat(locks)
                        .filteredOn(file -> file.toString().endsWith(".lock"))
                        .hasSize(1);
            }
        } finally {
            another.destroyForcibly();
        }
        Files.delete(notesOfAnother.resolve(prefix + "1"));
    }
}
