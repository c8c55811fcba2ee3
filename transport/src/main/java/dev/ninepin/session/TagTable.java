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
 * kept for Tflush, so that a request can be given up even when every other tag waits. Any thread may call anything.
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

    /** The free tags: those for Tflush, and the others. */
    @GuardedBy("freeTags")
    private final List<Deque<Integer>> freeTags = List.of(new ArrayDeque<>(), new ArrayDeque<>());

    /** @param withFlush whether there will be any Tflush to keep tags for */
    TagTable(final int size, final boolean withFlush) {
        if (size < 2) {
            throw new IllegalArgumentException("a session needs 2 tags at least, not " + size);
        }
        calls = new AtomicReferenceArray<>(size);
        forFlush = withFlush ? Math.max(1, size / FLUSH_SHARE) : 0;
        ordinary = new Semaphore(size - forFlush);
        flush = new Semaphore(forFlush);
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

    /** Takes a tag if one is free; -1 if not. */
    int tryTake(final boolean forTflush) {
        return semaphoreOf(forTflush).tryAcquire() ? pop(forTflush) : -1;
    }

    /** Takes a tag, waiting up to {@code nanos} for one; -1 if none came free. */
    int take(final boolean forTflush, final long nanos) throws InterruptedException {
        return semaphoreOf(forTflush).tryAcquire(nanos, TimeUnit.NANOSECONDS) ? pop(forTflush) : -1;
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
