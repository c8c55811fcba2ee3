package dev.ninepin.fuse.server;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/**
 * The gate that each worker passes before it receives a request. While the gate is closed, no worker receives a
 * request, and workers that wait for one in the kernel are woken. Once all workers have stopped at the gate, no request
 * is in progress. Any thread may call any method.
 */
final class Gate {
    /**
     * The interval at which workers in the kernel are woken. A single signal could arrive just before the system call.
     */
    private static final long WAKE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    /** Read without the monitor before each request. */
    private volatile boolean closed;

    /** The workers that have not ended. */
    @GuardedBy("this")
    private final Set<Worker> workers = new HashSet<>();

    /** The workers that have stopped at the gate. */
    @GuardedBy("this")
    private final Set<Worker> stopped = new HashSet<>();

    synchronized void add(final Worker worker) {
        workers.add(worker);
    }

    synchronized void remove(final Worker worker) {
        workers.remove(worker);
        notifyAll();
    }

    /**
     * Blocks while the gate is closed, and records that the worker is about to receive a request. Called on the worker's
     * thread.
     */
    void pass(final Worker worker) {
        worker.setReceiving(true);
        while (closed) {
            worker.setReceiving(false);
            stop(worker);
            worker.setReceiving(true);
        }
    }

    private synchronized void stop(final Worker worker) {
        stopped.add(worker);
        notifyAll();
        boolean interrupted = false;
        while (closed) {
            try {
                wait();
            } catch (final InterruptedException e) {
                interrupted = true;
            }
        }
        stopped.remove(worker);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Closes the gate, and blocks for at most {@code nanos} until each worker has stopped at the gate or waits for a
     * lock. If a worker serves a request for longer, opens the gate again.
     *
     * @param holdWaits stops the waits for locks from ending, and returns the number of workers that wait
     * @return the workers that wait for a lock; empty if a request is still in progress. If not empty, {@link #open}
     *     must follow
     */
    synchronized Optional<Set<Worker>> close(final long nanos, final IntSupplier holdWaits)
            throws InterruptedException {
        final long begin = System.nanoTime();
        closed = true;
        boolean done = false;
        try {
            while (!done && System.nanoTime() - begin < nanos && !workers.isEmpty()) {
                // A worker leaves under this lock, so each of these threads exists.
                workers.forEach(Worker::wakeReceiver);
                TimeUnit.NANOSECONDS.timedWait(this, WAKE_NANOS);
                done = stopped.size() + holdWaits.getAsInt() == workers.size();
            }
        } finally {
            if (!done) {
                open();
            }
        }
        final Set<Worker> waiting = new HashSet<>(workers);
        waiting.removeAll(stopped);
        return done ? Optional.of(waiting) : Optional.empty();
    }

    /** Lets the workers go on. */
    synchronized void open() {
        closed = false;
        notifyAll();
    }
}
