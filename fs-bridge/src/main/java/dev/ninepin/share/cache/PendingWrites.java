package dev.ninepin.share.cache;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.session.exchange.Call;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The writes of a file that were sent and may not be answered yet: write(2) has returned, and the failure of such a
 * write is reported later. {@code docs/decisions/0019-writes-behind.md} has the rules.
 *
 * <p>A server may serve requests in any order. So a request whose result depends on these writes waits for their
 * answers first ({@link #await}).
 *
 * <p>Each failure has a number. A descriptor reports a failure once: it remembers the number of the last failure that it
 * reported, as the kernel does ({@code lib/errseq.c}).
 *
 * <p>Any thread may call any method. No request is sent under the monitor, and no answer awaited.
 */
public final class PendingWrites {
    /** Longer than any session's timeout, in nanoseconds. */
    private static final long NO_LIMIT = Long.MAX_VALUE;

    /** The writes whose results were not recorded yet, in the order in which they were sent. */
    @GuardedBy("this")
    private final List<Sent> sent = new ArrayList<>(0);

    /** Whether {@link #sent} has elements. Read without the monitor, since most files have no such writes. */
    private volatile boolean any;

    /** The number of failures so far. */
    private final AtomicLong failures = new AtomicLong();

    @GuardedBy("this")
    private @Nullable IOException lastFailure;

    private final FilePages pages;

    /** @param pages the file's pages; each write counts as a change of them until its result is recorded */
    public PendingWrites(final FilePages pages) {
        this.pages = pages;
    }

    private record Sent(Call<Rwrite> call, int count, long start, long end) {
        boolean overlaps(final long from, final long to) {
            return start < to && from < end;
        }
    }

    /**
     * Adds a write that was just sent. {@link FilePages#beginChange} was called for it.
     *
     * @param count the number of bytes to write
     * @param start the lowest offset that the write may change
     * @param end the offset after the highest one
     */
    public void add(final Call<Rwrite> call, final int count, final long start, final long end) {
        synchronized (this) {
            sent.add(new Sent(call, count, start, end));
            any = true;
        }
        recordAnswered();
    }

    /** Returns whether a write may be unanswered. */
    public boolean any() {
        return any;
    }

    /**
     * Blocks until each write that was sent before this call has succeeded or failed. A write that is not answered
     * within the session's timeout has failed.
     *
     * @throws InterruptedIOException if the thread is interrupted
     */
    public void await() throws InterruptedIOException {
        await(NO_LIMIT);
    }

    /** Blocks as {@link #await()} does, but at most for {@code patienceNanos}. */
    public void await(final long patienceNanos) throws InterruptedIOException {
        if (any) {
            final List<Sent> before;
            synchronized (this) {
                before = List.copyOf(sent);
            }
            await(before, patienceNanos);
        }
    }

    /**
     * Blocks as {@link #await()} does, but only for writes of bytes from the offset {@code start} to before {@code end}.
     */
    public void await(final long start, final long end) throws InterruptedIOException {
        if (any) {
            final List<Sent> before;
            synchronized (this) {
                before = sent.stream().filter(each -> each.overlaps(start, end)).toList();
            }
            await(before, NO_LIMIT);
        }
    }

    private void await(final List<Sent> writes, final long patienceNanos) throws InterruptedIOException {
        final long begin = System.nanoTime();
        for (final Sent each : writes) {
            if (!each.call().awaitEnd(patienceNanos - (System.nanoTime() - begin))) {
                // All at once, since a Tflush may have to be waited for.
                writes.forEach(write -> write.call().giveUpIfOverdue());
            }
        }
        recordAnswered();
    }

    /** Returns how many writes have failed so far. */
    public long failures() {
        return failures.get();
    }

    /**
     * Throws the latest failure, unless the descriptor has reported it.
     *
     * @param reported the value of {@link #failures} when the descriptor was opened or reported a failure last
     */
    public void throwFailure(final long reported) throws IOException {
        if (failures.get() == reported) {
            return;
        }
        final IOException failure;
        synchronized (this) {
            failure = lastFailure;
        }
        if (failure != null) {
            throw failure;
        }
    }

    private void recordAnswered() {
        final int answered;
        final boolean lost;
        synchronized (this) {
            final long before = failures.get();
            answered = recordResults();
            lost = failures.get() != before;
        }
        if (lost) {
            pages.noteLostWrite();
        }
        for (int i = 0; i < answered; i++) {
            pages.endChange();
        }
    }

    /** Records the results of the answered writes and removes these. Returns how many there were. */
    @GuardedBy("this")
    private int recordResults() {
        int answered = 0;
        for (final Iterator<Sent> each = sent.iterator(); each.hasNext(); ) {
            final Sent write = each.next();
            if (write.call().future().isDone()) {
                each.remove();
                answered++;
                recordResult(write);
            }
        }
        any = !sent.isEmpty();
        return answered;
    }

    /** Records the result of an answered write. */
    @GuardedBy("this")
    private void recordResult(final Sent write) {
        try {
            final Rwrite answer = write.call().future().getNow(null);
            final int written = answer == null ? 0 : answer.count();
            if (written < write.count()) {
                // The server would give the reason with the next write only, such as EDQUOT. That failure is recorded
                // later, and reported instead of this one.
                fail(new ErrnoException(
                        Errno.ENOSPC, "the server wrote " + written + " of " + write.count() + " bytes"));
            }
        } catch (final CompletionException e) {
            fail(e.getCause() instanceof IOException known ? known : new IOException("cannot process a reply", e));
        }
    }

    @GuardedBy("this")
    private void fail(final IOException failure) {
        lastFailure = failure;
        failures.incrementAndGet();
    }
}
