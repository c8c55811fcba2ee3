package dev.ninepin.testing;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** An extension that makes Awaitility poll at once and often. By default, its first poll is after 100 ms. */
public final class ShortWaits implements BeforeAllCallback {
    @Override
    public void beforeAll(final ExtensionContext context) {
        Awaitility.setDefaultPollDelay(Duration.ZERO);
        Awaitility.setDefaultPollInterval(Duration.ofMillis(10));
    }
}
