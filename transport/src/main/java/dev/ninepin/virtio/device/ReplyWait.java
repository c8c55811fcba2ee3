package dev.ninepin.virtio.device;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The reply reader's wait for a device.
 *
 * <ul>
 *   <li>While no request is in flight, the reply reader sleeps until it is woken.
 *   <li>Otherwise it spins for as long as most replies take.
 *   <li>After that it waits for the interrupt, if the device has one.
 *   <li>Without an interrupt it sleeps, each time for an eighth of the time that it has waited already. So it notices a
 *       slow reply with a delay of at most that fraction, at almost no CPU cost. A new request starts the wait over.
 * </ul>
 *
 * <p>The reply reader calls {@link #begin}, {@link #countAnswered} and {@link #pause}; the sender calls {@link #countPosted} and
 * {@link #noteFlush}; any thread may call {@link #wake}. There is no lock: each side stores what it has done before it
 * reads the other side's state.
 */
final class ReplyWait {
    /**
     * How long to spin, in nanoseconds. Most replies that need no disk arrive by then. A longer spin would take a core
     * from the server that is to reply.
     */
    static final long SPIN = TimeUnit.MICROSECONDS.toNanos(100);

    /** The longest sleep without an interrupt, in nanoseconds. */
    static final long LONGEST_SLEEP = TimeUnit.MILLISECONDS.toNanos(1);

    static final int SLEEP_FRACTION = 8;

    /**
     * The interval between health checks, in nanoseconds. A broken or removed device may pass for a slow one for this
     * long.
     */
    static final long HEALTH_INTERVAL = TimeUnit.MILLISECONDS.toNanos(100);

    private static final long UNTIL_WOKEN = Long.MAX_VALUE;

    /** The check that the device can still reply. */
    interface HealthCheck {
        /** Throws if the device is broken or gone. */
        void check() throws IOException;
    }

    /** A sleep that the device's interrupt ends. */
    interface InterruptSleep {
        /**
         * Blocks until an interrupt, until {@link #wake}, or until {@code nanos} have passed. Returns at once if a
         * reply is there already.
         */
        void sleep(long nanos) throws IOException;

        /** Ends the sleep in progress, or else the next one. */
        void wake();
    }

    private final HealthCheck health;
    private final BooleanSupplier ended;
    private final LongSupplier clock;
    private final Optional<InterruptSleep> interrupt;

    /** The number of requests that were posted and that the device has not finished. */
    private final AtomicInteger inFlight = new AtomicInteger();

    /** The number of calls of {@link #noteFlush}. */
    private final AtomicInteger flushes = new AtomicInteger();

    /** The reply reader's thread while it sleeps or is about to, otherwise null. */
    private volatile @Nullable Thread sleeper;

    // Used by the reply reader only.
    private int seenFlushes;
    private long since;
    private long lastCheck;

    /**
     * @param health called at intervals while a reply is due
     * @param ended whether the channel has ended; the code that makes it true calls {@link #wake} afterwards
     * @param clock a clock in nanoseconds, such as {@link System#nanoTime}
     * @param interrupt empty for a device without an interrupt
     */
    ReplyWait(
            final HealthCheck health,
            final BooleanSupplier ended,
            final LongSupplier clock,
            final Optional<InterruptSleep> interrupt) {
        this.health = health;
        this.ended = ended;
        this.clock = clock;
        this.interrupt = interrupt;
    }

    /** Counts a request that is about to be posted. The sender calls this. */
    void countPosted() {
        inFlight.incrementAndGet();
    }

    /** Notes that the device knows of all posted requests. The sender calls this. */
    void noteFlush() {
        flushes.incrementAndGet();
        // A reader that waits for an interrupt is not woken: the reply raises the interrupt.
        unpark();
    }

    /** Counts a request that the device has finished. The reply reader calls this. */
    void countAnswered() {
        inFlight.decrementAndGet();
    }

    /** Ends a sleep in progress. Any thread. */
    void wake() {
        unpark();
        interrupt.ifPresent(InterruptSleep::wake);
    }

    private void unpark() {
        final @Nullable Thread reader = sleeper;
        if (reader != null) {
            LockSupport.unpark(reader);
        }
    }

    /** Starts the wait for the next reply. The reply reader calls this. */
    void begin() {
        seenFlushes = flushes.get();
        since = clock.getAsLong();
        lastCheck = since;
    }

    /**
     * Spins once or sleeps, until the reply reader should poll the queue again.
     *
     * @throws IOException if the health check finds the device broken
     */
    void pause() throws IOException {
        if (seenFlushes != flushes.get()) {
            begin();
        }
        final long sleep = nextSleepNanos();
        if (sleep == 0) {
            Thread.onSpinWait();
            return;
        }
        if (interrupt.isPresent() && sleep != UNTIL_WOKEN) {
            // If the channel ends at this point, its wake ends this sleep.
            interrupt.get().sleep(sleep);
            return;
        }
        sleeper = Thread.currentThread();
        // Checked again after the store to sleeper: a change before that store found no thread to wake.
        if (!ended.getAsBoolean() && flushes.get() == seenFlushes) {
            if (sleep == UNTIL_WOKEN) {
                LockSupport.park(this);
            } else {
                LockSupport.parkNanos(this, sleep);
            }
        }
        sleeper = null;
    }

    /** Returns how long to sleep, in nanoseconds; 0 means to spin. */
    long nextSleepNanos() throws IOException {
        if (inFlight.get() == 0) {
            return UNTIL_WOKEN;
        }
        final long now = clock.getAsLong();
        final long waited = now - since;
        if (waited < SPIN) {
            return 0;
        }
        if (now - lastCheck >= HEALTH_INTERVAL) {
            lastCheck = now;
            health.check();
        }
        return interrupt.isPresent() ? HEALTH_INTERVAL : Math.min(waited / SLEEP_FRACTION, LONGEST_SLEEP);
    }
}
