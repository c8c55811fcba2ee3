package dev.ninepin.mounted;

import dev.ninepin.testing.ServerKind;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.TestInstance;

/** A base class whose tests share one mount. Each test, and the class at its end, must leave nothing behind. */
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
