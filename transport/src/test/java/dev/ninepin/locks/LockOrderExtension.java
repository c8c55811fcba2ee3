package dev.ninepin.locks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A JUnit extension that fails a test during which locks were taken out of order. JUnit registers it for all tests
 * automatically.
 */
public final class LockOrderExtension implements AfterEachCallback, AfterAllCallback {
    /** Installs the agent, except in tests that Maven does not run, as in a guest, and beside Jazzer's own agent. */
    public LockOrderExtension() {
        if (Boolean.getBoolean("jdk.attach.allowAttachSelf") && System.getenv("JAZZER_FUZZ") == null) {
            Installed.once();
        }
    }

    @Override
    public void afterEach(final ExtensionContext context) {
        failIfOutOfOrder();
    }

    @Override
    public void afterAll(final ExtensionContext context) {
        failIfOutOfOrder();
    }

    private static void failIfOutOfOrder() {
        final List<String> violations = LockWatch.ORDER.takeViolations();
        if (!violations.isEmpty()) {
            throw new AssertionError(
                    "locks were taken out of order (docs/architecture.md): " + String.join("\n", violations));
        }
    }

    /** Installs the agent at the first use. */
    private static final class Installed {
        static {
            try {
                LockAgent.install();
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        static void once() {}
    }
}
