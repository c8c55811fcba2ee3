package dev.ninepin.channel;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.IntToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file descriptor that threads wait in, and that any thread may close meanwhile. Its number is only given back when
 * the last thread has left: after that it may mean another file, which nobody here must read from.
 */
final class Descriptor {
    private static final Logger LOG = LoggerFactory.getLogger(Descriptor.class);

    /** How often those who are still inside are woken: one may have been just before its system call. */
    private static final long WAKE_INTERVAL_MILLIS = 1;

    /** A driver that holds a thread longer, whatever signal it got, is broken; nobody else is to wait for it. */
    private static final long LEAVE_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** Ends the waiting of a thread in a system call; called again until the thread has left. */
    @FunctionalInterface
    interface Waker {
        void wake(int number, long thread);
    }

    private final NativeCalls calls;
    private final int number;
    private final Waker waker;

    /** The threads in a system call, by their {@code pthread_self}; one of these cannot end before it has left. */
    @GuardedBy("this")
    private final Set<Long> inside = new HashSet<>();

    @GuardedBy("this")
    private boolean closed;

    @GuardedBy("this")
    private boolean givenBack;

    /** Takes over the open descriptor {@code number}. */
    Descriptor(final NativeCalls calls, final int number, final Waker waker) {
        this.calls = calls;
        this.number = number;
        this.waker = waker;
    }

    /**
     * Runs one system call on the descriptor's number, and returns what it returns, or else minus the errno.
     *
     * @throws ChannelClosedException if {@link #close} was called before it began
     */
    long call(final IntToLongFunction systemCall) throws ChannelClosedException {
        final long thread = calls.pthread_self();
        synchronized (this) {
            if (closed) {
                throw new ChannelClosedException();
            }
            inside.add(thread);
        }
        try {
            final long result = systemCall.applyAsLong(number);
            return result >= 0 ? result : -NativeCalls.errno().intValue();
        } finally {
            leave(thread);
        }
    }

    private synchronized void leave(final long thread) {
        inside.remove(thread);
        if (closed && inside.isEmpty()) {
            giveBack();
        }
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /** Wakes every thread that is inside, and returns when they have left. Closing again does nothing. */
    synchronized void close() {
        closed = true;
        final long deadline = System.nanoTime() + LEAVE_PATIENCE_NANOS;
        boolean interrupted = false;
        while (!inside.isEmpty() && System.nanoTime() < deadline) {
            // A thread leaves under this lock, so each of these is still there.
            inside.forEach(thread -> waker.wake(number, thread));
            try {
                wait(WAKE_INTERVAL_MILLIS);
            } catch (final InterruptedException e) {
                interrupted = true;
            }
        }
        if (inside.isEmpty()) {
            giveBack();
        } else {
            LOG.warn("A driver does not let go of the descriptor {}; it stays open until it does", number);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @GuardedBy("this")
    private void giveBack() {
        notifyAll();
        if (!givenBack) {
            givenBack = true;
            calls.close(number);
        }
    }
}
