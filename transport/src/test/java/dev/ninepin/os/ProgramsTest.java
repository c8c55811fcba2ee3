package dev.ninepin.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramsTest {
    @TempDir
    private Path root;

    @Test
    void theFirstExecutableFileOfThatNameIsFound() throws Exception {
        Files.createDirectories(root.resolve("first/tool"));
        Files.createDirectories(root.resolve("second"));
        Files.createFile(root.resolve("second/tool"));
        final Path third = program("third/tool");
        program("fourth/tool");
        final Programs programs = new Programs(root, "/first:/second:/third:/fourth");

        assertThat(programs.find("tool")).contains(third);
        assertThat(programs.find("other")).isEmpty();
        assertThat(programs.find(third.toString())).contains(third);
        assertThatThrownBy(() -> programs.require("other", "others"))
                .isInstanceOf(IOException.class)
                .hasMessage("cannot find other in /first:/second:/third:/fourth: install the package others");
    }

    @Test
    void aRelativeDirectoryIsSkipped() throws Exception {
        program("bin/tool");

        assertThat(new Programs(root, "bin::").find("tool")).isEmpty();
    }

    @Test
    void aProgramOfThisSystemIsFoundWithAnyPath() {
        assertThat(Programs.ofThisSystem().find("sh")).isPresent();
    }

    private Path program(final String name) throws IOException {
        final Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.createFile(
                file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
}
