package dev.ninepin.virtio;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does something unless it is closed in time: for calls that can't be told how long they may take. */
final class Deadline implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Deadline.class);

    private final CountDownLatch met = new CountDownLatch(1);

    private Deadline() {}

    /**
     * Starts the clock, in a thread of its own.
     *
     * @param otherwise called in that thread after {@code patience}
     */
    static Deadline start(final String threadName, final Duration patience, final Runnable otherwise) {
        final Deadline deadline = new Deadline();
        final Thread thread = new Thread(
                () -> {
                    try {
                        if (!deadline.met.await(patience.toNanos(), TimeUnit.NANOSECONDS)) {
                            LOG.info("{}: not done after {}", threadName, patience);
                            otherwise.run();
                        }
                    } catch (final InterruptedException e) {
                        LOG.debug("{} was interrupted, and counts as met", threadName, e);
                    }
                },
                threadName);
        thread.setDaemon(true);
        thread.start();
        return deadline;
    }

    /** It was met. Any number of times. */
    @Override
    public void close() {
        met.countDown();
    }
}
