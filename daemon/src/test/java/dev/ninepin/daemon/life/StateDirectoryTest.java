package dev.ninepin.daemon.life;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateDirectoryTest {
    @TempDir
    private Path directory;

    private Path state;
    private Path notes;
    private Path program;

    @BeforeEach
    void mountAShare() throws Exception {
        state = directory.resolve("ninepin");
        notes = Files.createDirectories(state.resolve("removed/0123"));
        Files.createFile(state.resolve("removed/lock"));
        program = Files.createFile(directory.resolve("ninepin.jar"));
    }

    @Test
    void anInstalledProgramKeepsItsDirectory() throws Exception {
        Files.delete(notes);
        new StateDirectory(state).removeIfUninstalled(program);
        assertThat(state.resolve("removed/lock")).exists();
    }

    @Test
    void theLastMountOfARemovedProgramTakesTheDirectoryAway() throws Exception {
        Files.delete(program);
        new StateDirectory(state).removeIfUninstalled(program);
        assertThat(state.resolve("removed/lock")).exists();

        Files.delete(notes);
        new StateDirectory(state).removeIfUninstalled(program);
        assertThat(state).doesNotExist();
        new StateDirectory(state).removeIfUninstalled(program);
    }

    @Test
    void aUsersLogsStay() throws Exception {
        Files.createFile(state.resolve("mnt.log"));
        Files.delete(program);
        Files.delete(notes);
        new StateDirectory(state).removeIfUninstalled(program);
        assertThat(state).isDirectoryContaining("glob:**/mnt.log");
        assertThat(state.resolve("removed")).doesNotExist();
    }
}
