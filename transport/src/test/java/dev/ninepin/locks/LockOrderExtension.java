package dev.ninepin.locks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Fails a test during which locks were taken out of order. JUnit finds it by itself, for all tests. */
public final class LockOrderExtension implements AfterEachCallback, AfterAllCallback {
    /** Not where a test is run otherwise than by Maven, as in a guest; nor beside Jazzer's own agent. */
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

    /** Done when it is first needed. */
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
