package dev.ninepin.mounted;

import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.TestInstance;

/** The mount that the tests of a class share. Nothing is left after any of them, and after all. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class SharedMount implements OnAMount {
    private final ServerKind kind;
    private final TestMount mount;

    SharedMount(final ServerKind kind) throws IOException {
        this(MountSetup.of(kind));
    }

    SharedMount(final MountSetup setup) throws IOException {
        this.kind = setup.kind();
        this.mount = setup.mount();
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
