package dev.ninepin.session.exchange;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The tags of a session and the calls that use them, as many as the channel allows in flight. Any thread may call any
 * method.
 *
 * <p>Some tags are reserved for Tflush, so that a request can be given up even while all other tags are taken. A
 * request with data reserves room in the channel together with its tag. So a sender never waits for room inside the
 * channel, where it would block other senders.
 *
 * <p>The tag that was freed first is taken first. So if a server sends a reply twice, the second copy meets a free tag
 * and not the next request.
 */
final class TagTable {
    /** One tag in this many is reserved for Tflush. */
    private static final int FLUSH_SHARE = 16;

    private final AtomicReferenceArray<@Nullable Call<?>> calls;
    private final int forFlush;

    /** Counts the free tags that are not reserved for Tflush: those from {@code forFlush} up. */
    private final Semaphore ordinary;

    /** Counts the free tags that are reserved for Tflush: those below {@code forFlush}. */
    private final Semaphore flush;

    /** Counts the further requests with data that the channel has room for. */
    private final Semaphore data;

    /** The free tags: first the queue for Tflush, then the queue for all other requests. */
    @GuardedBy("freeTags")
    private final List<Deque<Integer>> freeTags = List.of(new ArrayDeque<>(), new ArrayDeque<>());

    /**
     * @param withFlush whether to reserve tags for Tflush
     * @param dataRequests how many requests with data may be in flight at once
     */
    TagTable(final int size, final boolean withFlush, final int dataRequests) {
        if (size < 2) {
            throw new IllegalArgumentException("a session needs at least 2 tags, but there are " + size);
        }
        calls = new AtomicReferenceArray<>(size);
        forFlush = withFlush ? Math.max(1, size / FLUSH_SHARE) : 0;
        ordinary = new Semaphore(size - forFlush);
        flush = new Semaphore(forFlush);
        data = new Semaphore(dataRequests);
        synchronized (freeTags) {
            for (int tag = 0; tag < size; tag++) {
                queueOf(tag).addLast(tag);
            }
        }
    }

    /** Returns the number of tags. */
    int size() {
        return calls.length();
    }

    /** Returns how many tags are taken. */
    int used() {
        return size() - ordinary.availablePermits() - flush.availablePermits();
    }

    /** The kind of request that a tag is taken for. */
    enum Kind {
        ORDINARY,
        /** A request that carries data, or whose reply does. */
        DATA,
        TFLUSH
    }

    /** Takes a tag, and room for data if the kind needs it. Returns -1 if either is missing. Does not block. */
    int tryTake(final Kind kind) {
        if (kind == Kind.DATA && !data.tryAcquire()) {
            return -1;
        } else if (semaphoreOf(kind == Kind.TFLUSH).tryAcquire()) {
            return pop(kind == Kind.TFLUSH);
        }
        freeRoom(kind);
        return -1;
    }

    /**
     * Takes a tag like {@link #tryTake}, but blocks until one is free, at most for {@code nanos}. Returns -1 on a
     * timeout.
     */
    int take(final Kind kind, final long nanos) throws InterruptedException {
        final long deadline = System.nanoTime() + nanos;
        if (kind == Kind.DATA && !data.tryAcquire(nanos, TimeUnit.NANOSECONDS)) {
            return -1;
        }
        boolean taken = false;
        try {
            taken = semaphoreOf(kind == Kind.TFLUSH).tryAcquire(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            return taken ? pop(kind == Kind.TFLUSH) : -1;
        } finally {
            if (!taken) {
                freeRoom(kind);
            }
        }
    }

    private void freeRoom(final Kind kind) {
        if (kind == Kind.DATA) {
            data.release();
        }
    }

    /**
     * Blocks until no ordinary tag is taken, at most for {@code nanos} or until an interrupt. Returns whether no tag is
     * taken.
     */
    boolean awaitNoneTaken(final long nanos) {
        final int all = size() - forFlush;
        try {
            if (!ordinary.tryAcquire(all, nanos, TimeUnit.NANOSECONDS)) {
                return false;
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        ordinary.release(all);
        return true;
    }

    /** Stores a call under the tag that was taken for it. */
    void put(final Call<?> call) {
        calls.set(call.tag(), call);
    }

    /** Returns the call that uses a tag; null if the tag is free or out of range. */
    @Nullable
    Call<?> get(final int tag) {
        return tag < calls.length() ? calls.get(tag) : null;
    }

    /** Frees the tag of {@code call}. Does nothing if it is already free. */
    void free(final Call<?> call) {
        final int tag = call.tag();
        if (!calls.compareAndSet(tag, call, null)) {
            return;
        }
        synchronized (freeTags) {
            queueOf(tag).addLast(tag);
        }
        freeRoom(call.kind());
        semaphoreOf(tag < forFlush).release();
    }

    /** Returns the calls in flight. The result is not an atomic snapshot. */
    List<Call<?>> inFlight() {
        final List<Call<?>> found = new ArrayList<>();
        for (int tag = 0; tag < calls.length(); tag++) {
            final Call<?> call = calls.get(tag);
            if (call != null) {
                found.add(call);
            }
        }
        return found;
    }

    /** Returns a thread that waits for a reply, other than {@code except}; null if there is none. */
    @Nullable
    Thread anyWaiter(final Thread except) {
        for (int tag = 0; tag < calls.length(); tag++) {
            final Call<?> call = calls.get(tag);
            final Thread waiter = call == null ? null : call.waiter();
            if (waiter != null && waiter != except) {
                return waiter;
            }
        }
        return null;
    }

    private int pop(final boolean forTflush) {
        synchronized (freeTags) {
            return freeTags.get(forTflush ? 0 : 1).removeFirst();
        }
    }

    @GuardedBy("freeTags")
    private Deque<Integer> queueOf(final int tag) {
        return freeTags.get(tag < forFlush ? 0 : 1);
    }

    private Semaphore semaphoreOf(final boolean forTflush) {
        return forTflush ? flush : ordinary;
    }
}
