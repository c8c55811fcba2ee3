package dev.ninepin.channel;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.IntToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file descriptor in whose system calls threads block, and which any thread may close meanwhile. The descriptor's
 * number is released only when the last thread has left its system call. After that, the number may denote another
 * file, which none of these threads must touch.
 *
 * <p>Any thread may call any method.
 */
public final class BlockingDescriptor {
    private static final Logger LOG = LoggerFactory.getLogger(BlockingDescriptor.class);

    /**
     * How often to wake the threads that are still inside. A thread may have been just before its system call at the
     * first wake-up.
     */
    private static final long WAKE_INTERVAL_MILLIS = 1;

    /**
     * How long to wait for the threads to leave. A driver that holds a thread longer, despite the signals, is broken.
     */
    private static final long LEAVE_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** Ends the blocking system call of a thread. Called repeatedly until the thread has left. */
    @FunctionalInterface
    public interface Waker {
        void wake(int number, long thread);
    }

    private final NativeCalls calls;
    private final int number;
    private final Waker waker;

    /**
     * The threads in a system call, identified by {@code pthread_self}. Such a thread cannot terminate before it has
     * left.
     */
    @GuardedBy("this")
    private final Set<Long> inside = new HashSet<>();

    @GuardedBy("this")
    private boolean closed;

    @GuardedBy("this")
    private boolean givenBack;

    /** Takes ownership of the open descriptor {@code number}. */
    public BlockingDescriptor(final NativeCalls calls, final int number, final Waker waker) {
        this.calls = calls;
        this.number = number;
        this.waker = waker;
    }

    /**
     * Runs one system call on the descriptor's number. Returns its result, or the negated errno if it failed.
     *
     * @throws ChannelClosedException if {@link #close} was called before the system call began
     */
    public long call(final IntToLongFunction systemCall) throws ChannelClosedException {
        final long thread = calls.pthread_self();
        synchronized (this) {
            if (closed) {
                throw new ChannelClosedException();
            }
            inside.add(thread);
        }
        try {
            final long result = systemCall.applyAsLong(number);
            return result >= 0 ? result : -NativeCalls.errno();
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

    public synchronized boolean isClosed() {
        return closed;
    }

    /**
     * Wakes every thread that is inside a system call, and blocks until all have left, at most 5 seconds. Does nothing
     * if the descriptor is already closed.
     */
    public synchronized void close() {
        closed = true;
        final long deadline = System.nanoTime() + LEAVE_PATIENCE_NANOS;
        boolean interrupted = false;
        while (!inside.isEmpty() && System.nanoTime() < deadline) {
            // A thread leaves under this lock, so each of these threads still exists.
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
            LOG.warn("A system call on descriptor {} has not returned; the descriptor stays open until then", number);
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
