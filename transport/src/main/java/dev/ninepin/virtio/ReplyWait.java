package dev.ninepin.virtio;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/**
 * How the reply reader waits for a device that does not interrupt: it spins as long as most replies take, and then
 * sleeps for an eighth of the time that it has waited already. So a reply that took long is seen late by no more than
 * that, and waiting for a slow one costs next to nothing. Confined to the reply reader.
 */
final class ReplyWait {
    /** Most replies that need no disk are there by then; longer would take a core from the server that is to answer. */
    private static final long SPIN = TimeUnit.MICROSECONDS.toNanos(100);

    private static final long LONGEST_SLEEP = TimeUnit.MILLISECONDS.toNanos(1);
    private static final int SLEEP_FRACTION = 8;

    /** How long a device that is broken or gone may seem to be merely slow. */
    private static final long HEALTH_INTERVAL = TimeUnit.MILLISECONDS.toNanos(100);

    private final VirtioPciDevice device;
    private long since;
    private long lastCheck;

    ReplyWait(final VirtioPciDevice device) {
        this.device = device;
    }

    /** What comes next is a new wait: there was a reply, or a request. */
    void restart() {
        since = System.nanoTime();
        lastCheck = since;
    }

    /**
     * What to do until the next look.
     *
     * @return the time to sleep, in nanoseconds; 0 for a spin
     * @throws IOException if the device is found broken
     */
    long next() throws IOException {
        final long now = System.nanoTime();
        final long waited = now - since;
        if (waited < SPIN) {
            return 0;
        }
        if (now - lastCheck > HEALTH_INTERVAL) {
            lastCheck = now;
            device.checkHealth();
        }
        return Math.min(waited / SLEEP_FRACTION, LONGEST_SLEEP);
    }
}
