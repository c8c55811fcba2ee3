package dev.ninepin.share.aside;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.FileOperations;
import dev.ninepin.p9.ByteString;
import dev.ninepin.testing.Logged;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests of the removal of files that earlier mounts left. */
class AsideLeftoversTest {
    @TempDir
    private Path temporary;

    private final List<ByteString> removed = new ArrayList<>();

    @Test
    void aNoteThatCannotBeRemovedKeepsNoOtherFileFromBeingRemoved() throws IOException {
        final Path directory = temporary.resolve("share");
        final List<ByteString> left = new ArrayList<>();
        try (AsideNotes notes = AsideNotes.in(directory)) {
            for (int i = 0; i < 3; i++) {
                left.add(notes.newName());
                notes.add(left.get(i), 0, Optional.of(List.of()));
            }
        }

        try (AsideNotes notes = AsideNotes.in(directory);
                Logged log = Logged.from(AsideLeftovers.class)) {
            new AsideLeftovers(user -> server(directory), notes).remove();

            assertThat(removed).containsExactlyInAnyOrderElementsOf(left);
            assertThat(log.lines()).filteredOn(line -> line.startsWith("WARN")).hasSize(3);
            assertThat(log.lines()).noneMatch(line -> line.contains("cannot read the notes"));
        }
    }

    /** Returns a server whose files can be removed. Their notes can't be removed any more afterwards. */
    private FileOperations server(final Path notes) {
        return (FileOperations) Proxy.newProxyInstance(
                FileOperations.class.getClassLoader(), new Class<?>[] {FileOperations.class}, (proxy, method, args) -> {
                    assertThat(method.getName()).isEqualTo("unlink");
                    final ByteString name = (ByteString) args[1];
                    removed.add(name);
                    final Path note = notes.resolve(name.toString());
                    Files.delete(note);
                    Files.createDirectories(note.resolve("child"));
                    return null;
                });
    }
}
