package dev.ninepin.share.aside;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.p9.ByteString;
import dev.ninepin.testing.Python;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AsideNotesTest {
    private static final int USER = 1000;

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
            notes.add(name, USER, Optional.of(List.of(ByteString.of("elsewhere"))));
            notes.add(name, USER, Optional.of(path));
            notes.add(inRoot, -2, Optional.of(List.of()));
            assertThat(notes.left()).isEmpty();
        }

        try (AsideNotes notes = AsideNotes.in(directory)) {
            assertThat(notes.left())
                    .containsExactlyInAnyOrder(
                            new AsideNotes.Left(name, USER, path), new AsideNotes.Left(inRoot, -2, List.of()));
            assertThat(notes.isOurs(name)).isFalse();
            notes.remove(name);
            assertThat(notes.left()).containsExactly(new AsideNotes.Left(inRoot, -2, List.of()));
            notes.remove(inRoot);
        }
        assertThat(directory).doesNotExist();
    }

    @Test
    void aNoteThatCannotBeReadIsNobodysReasonNotToMount() throws IOException {
        final ByteString name;
        try (AsideNotes notes = AsideNotes.in(directory)) {
            name = notes.newName();
            notes.add(name, USER, Optional.of(List.of()));
        }
        for (final String bytes : List.of("", "\0\0\0", "his\0", "-1\0", "1000")) {
            Files.writeString(directory.resolve(name.toString()), bytes);
            try (AsideNotes notes = AsideNotes.in(directory)) {
                assertThat(notes.left()).isEmpty();
            }
            assertThat(directory).doesNotExist();
            Files.createDirectories(directory);
        }
    }

    @Test
    void nothingIsLeftOfWhatWasRemovedOrWhoseDirectoryIsNotKnown() throws IOException {
        try (AsideNotes notes = AsideNotes.in(directory)) {
            final ByteString name = notes.newName();
            assertThat(notes.isOurs(name)).isTrue();
            notes.add(name, USER, Optional.of(List.of()));
            notes.remove(name);
            notes.add(notes.newName(), USER, Optional.empty());
        }

        assertThat(directory).doesNotExist();
    }

    /**
     * Two mounts in one process keep their locks: the kernel releases a process's fcntl(2) locks on a file as soon as
     * the process closes any descriptor of that file.
     */
    @Test
    void mountsOfOneProcessKeepTheirLocks() throws Exception {
        try (AsideNotes one = AsideNotes.in(directory);
                AsideNotes other = AsideNotes.in(directory)) {
            final ByteString name = one.newName();
            one.add(name, USER, Optional.of(List.of()));

            assertThat(other.left()).isEmpty();

            assertThat(locksHeld()).isEqualTo(2);
            one.remove(name);
        }
        assertThat(directory).doesNotExist();
    }

    @Test
    void mountsOfOneProcessBeginAndEndAtTheSameTime() throws Exception {
        final Callable<Void> beginAndEnd = () -> {
            for (int i = 0; i < 50; i++) {
                try (AsideNotes notes = AsideNotes.in(directory)) {
                    assertThat(notes.left()).isEmpty();
                }
            }
            return null;
        };
        final ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            for (final Future<Void> each : threads.invokeAll(List.of(beginAndEnd, beginAndEnd))) {
                each.get();
            }
        } finally {
            threads.shutdown();
        }
        assertThat(directory).doesNotExist();
    }

    /** Returns how many of the mounts' locks are held, as seen from another process. */
    private int locksHeld() throws IOException {
        final Process another = new ProcessBuilder(Python.COMMAND, "-c", """
                        import fcntl, glob, sys
                        held = 0
                        for path in glob.glob(sys.argv[1] + '/.*.lock'):
                            with open(path, 'r+') as file:
                                try:
                                    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                                except BlockingIOError:
                                    held += 1
                        print(held)
                        """, directory.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        return Integer.parseInt(another.inputReader().readLine());
    }

    @Test
    void whatALivingMountHasPutAsideIsNotLeft() throws Exception {
        final Path notesOfAnother = Files.createDirectories(directory);
        final String prefix = ".ninepin-0123456789abcdef-";
        Files.writeString(notesOfAnother.resolve(prefix + "1"), "1000\0");
        // An empty note, which a full disk has left, is removed.
        Files.write(notesOfAnother.resolve(prefix + "2"), new byte[0]);
        final Process another = new ProcessBuilder(
                        Python.COMMAND,
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

            assertThat(notes.left()).containsExactly(new AsideNotes.Left(ByteString.of(prefix + "1"), USER, List.of()));
            assertThat(notesOfAnother.resolve(prefix + "2")).doesNotExist();
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
