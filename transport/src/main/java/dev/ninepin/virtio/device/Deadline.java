package dev.ninepin.virtio.device;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A timer that runs an action unless it is closed in time. It bounds calls that take no timeout of their own. */
public final class Deadline implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Deadline.class);

    private final CountDownLatch met = new CountDownLatch(1);

    private Deadline() {}

    /**
     * Starts the timer, in a daemon thread of its own.
     *
     * @param patience the time after which the action runs
     * @param otherwise the action; runs in the timer's thread
     */
    public static Deadline start(final String threadName, final Duration patience, final Runnable otherwise) {
        final Deadline deadline = new Deadline();
        final Thread thread = new Thread(
                () -> {
                    try {
                        if (!deadline.met.await(patience.toNanos(), TimeUnit.NANOSECONDS)) {
                            LOG.info("{} did not finish within {}; ending it", threadName, patience);
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

    /** Stops the timer. Later calls do nothing. Any thread. */
    @Override
    public void close() {
        met.countDown();
    }
}
