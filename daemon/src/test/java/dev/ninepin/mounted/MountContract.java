package dev.ninepin.mounted;

import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.TestInstance;

/** What every mount does, whichever server is behind it. Nothing is left after any test, and after all of them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class MountContract
        implements Trees, NamesOfFiles, Directories, Contents, OpenFiles, AttributesOfFiles, ProgramsAtWork, Failures {
    private final ServerKind kind;
    private final TestMount mount;

    MountContract(final ServerKind kind) throws IOException {
        this.kind = kind;
        this.mount = MountSetup.of(kind).mount();
    }

    @Override
    public TestMount mount() {
        return mount;
    }

    @Override
    public ServerKind kind() {
        return kind;
    }

    @AfterEach
    void nothingIsLeft() throws IOException, InterruptedException {
        mount.clear();
    }

    @AfterAll
    void nothingIsLeftAfterTheUnmount() throws IOException {
        mount.close();
    }
}
