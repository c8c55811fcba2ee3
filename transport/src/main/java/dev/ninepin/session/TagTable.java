package dev.ninepin.session;

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
 * The tags of a session, and the call that each is taken by: as many as the channel takes in flight. A few of them are
 * kept for Tflush, so that a request can be given up even when every other tag waits. A request with data takes room of the
 * channel's together with its tag: so a sender never waits for that in the channel, where it would keep others from sending.
 * Any thread may call anything.
 *
 * <p>The tag that came back first is taken first: so a reply that a server sends twice meets a tag that is still free,
 * and not the next request.
 */
final class TagTable {
    /** One in so many tags is kept for Tflush. */
    private static final int FLUSH_SHARE = 16;

    private final AtomicReferenceArray<@Nullable Call<?>> calls;
    private final int forFlush;

    /** Counts the free tags that are not kept for Tflush; tags {@code forFlush} and up. */
    private final Semaphore ordinary;

    /** Counts the free tags that are kept for Tflush; tags below {@code forFlush}. */
    private final Semaphore flush;

    /** Counts the requests with data that the channel still has room for. */
    private final Semaphore data;

    /** The free tags: those for Tflush, and the others. */
    @GuardedBy("freeTags")
    private final List<Deque<Integer>> freeTags = List.of(new ArrayDeque<>(), new ArrayDeque<>());

    /**
     * @param withFlush whether there will be any Tflush to keep tags for
     * @param dataRequests how many requests may carry data at a time
     */
    TagTable(final int size, final boolean withFlush, final int dataRequests) {
        if (size < 2) {
            throw new IllegalArgumentException("a session needs 2 tags at least, not " + size);
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

    /** How many tags there are. */
    int size() {
        return calls.length();
    }

    /** How many tags are taken. */
    int used() {
        return size() - ordinary.availablePermits() - flush.availablePermits();
    }

    /** What a tag is taken for. */
    enum Kind {
        ORDINARY,
        /** With data, in the request or in its reply. */
        DATA,
        TFLUSH
    }

    /** Takes a tag if one is free, and room for data if need be; -1 if not. */
    int tryTake(final Kind kind) {
        if (kind == Kind.DATA && !data.tryAcquire()) {
            return -1;
        } else if (semaphoreOf(kind == Kind.TFLUSH).tryAcquire()) {
            return pop(kind == Kind.TFLUSH);
        }
        freeRoom(kind);
        return -1;
    }

    /** As {@link #tryTake}, but waits up to {@code nanos}. */
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

    /** Waits up to {@code nanos} until no ordinary tag is taken. Whether it came to that. An interrupt ends the wait. */
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

    /** The call goes under its tag, which was taken for it. */
    void put(final Call<?> call) {
        calls.set(call.tag(), call);
    }

    /** The call under a tag; null if the tag is free or was never one of these. */
    @Nullable
    Call<?> get(final int tag) {
        return tag < calls.length() ? calls.get(tag) : null;
    }

    /** The tag of {@code call} goes back, unless it went back before. */
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

    /** The calls in flight at some moment. */
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
