package dev.ninepin.testing;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Who waits for a condition looks at once, and often: Awaitility's own first look is after 100 ms. */
public final class ShortWaits implements BeforeAllCallback {
    @Override
    public void beforeAll(final ExtensionContext context) {
        Awaitility.setDefaultPollDelay(Duration.ZERO);
        Awaitility.setDefaultPollInterval(Duration.ofMillis(10));
    }
}
