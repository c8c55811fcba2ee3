package dev.ninepin.share.cache;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.SessionEndedException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The writes of a file that were sent and may not be answered yet: write(2) has returned, and the failure of such a
 * write is reported later. {@code docs/decisions/0019-writes-behind.md} has the rules.
 *
 * <p>A server may serve requests in any order. So a request whose result depends on these writes waits for their
 * answers first ({@link #await}).
 *
 * <p>If the connection ends before the answer, the bytes are written again over the next one, by the first thread that
 * waits for the write.
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

    /** One more than the number of the connection of the first write that was not synced; 0 if all are. */
    private final AtomicInteger unsynced = new AtomicInteger();

    private final FilePages pages;

    /** @param pages the file's pages; each write counts as a change of them until its result is recorded */
    public PendingWrites(final FilePages pages) {
        this.pages = pages;
    }

    /** What to do about a write that was lost with its connection. */
    @FunctionalInterface
    public interface Lost {
        /**
         * Writes the bytes again, over another connection. Blocks until the server has answered.
         *
         * @return how many bytes were written
         * @throws IOException if it is not known whether the bytes were written, or they cannot be written again
         */
        int writeAgain() throws IOException;
    }

    /** A write that was sent. The monitor guards the fields that are not final; {@code @GuardedBy} cannot name it. */
    private static final class Sent {
        private final Call<Rwrite> call;
        private final int count;
        private final long start;
        private final long end;
        private final @Nullable Lost lost;

        /** Whether a thread is writing the bytes again. */
        private boolean repeating;

        /** Whether the bytes were written again, or cannot be. */
        private boolean repeated;

        /** The result of writing the bytes again. */
        private int written;

        private @Nullable IOException failure;

        Sent(final Call<Rwrite> call, final int count, final long start, final long end, final @Nullable Lost lost) {
            this.call = call;
            this.count = count;
            this.start = start;
            this.end = end;
            this.lost = lost;
        }

        boolean overlaps(final long from, final long to) {
            return start < to && from < end;
        }

        /** Returns whether the connection ended before the write was answered. */
        boolean isLost() {
            return lost != null
                    && call.future().isCompletedExceptionally()
                    && call.future()
                            .handle((reply, cause) -> cause instanceof SessionEndedException)
                            .getNow(false);
        }
    }

    /**
     * Adds a write that was just sent. {@link FilePages#beginChange} was called for it.
     *
     * @param count the number of bytes to write
     * @param start the lowest offset that the write may change
     * @param end the offset after the highest one
     * @param lost called, by a thread that waits for the write, if the connection ends before the answer; null if the
     *     write has failed then
     */
    public void add(
            final Call<Rwrite> call, final int count, final long start, final long end, final @Nullable Lost lost) {
        synchronized (this) {
            sent.add(new Sent(call, count, start, end, lost));
            any = true;
        }
        recordAnswered();
    }

    /** Notes that bytes are being written over a connection of the session, given by number. */
    public void noteWrite(final int connection) {
        unsynced.compareAndSet(0, connection + 1);
    }

    /**
     * Begins to sync the writes so far. Returns the connection of the first of them that was not synced; empty if all were.
     */
    public OptionalInt beginSync() {
        final int first = unsynced.getAndSet(0);
        return first == 0 ? OptionalInt.empty() : OptionalInt.of(first - 1);
    }

    /** Notes that the writes since a result of {@link #beginSync} could not be synced. */
    public void syncFailed(final OptionalInt begun) {
        begun.ifPresent(connection -> unsynced.set(connection + 1));
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
            if (!each.call.awaitEnd(patienceNanos - (System.nanoTime() - begin))) {
                // All at once, since a Tflush may have to be waited for.
                writes.forEach(write -> write.call.giveUpIfOverdue());
            }
        }
        for (final Sent each : writes) {
            if (each.lost != null && each.isLost()) {
                writeAgain(each, each.lost);
            }
        }
        recordAnswered();
    }

    /** Writes again what was lost with its connection, so that nothing stays unwritten because nobody waits for it. */
    public void writeLostAgain() throws InterruptedIOException {
        final List<Sent> lost;
        synchronized (this) {
            lost = sent.stream().filter(Sent::isLost).toList();
        }
        await(lost, NO_LIMIT);
    }

    /** Writes the bytes of a lost write again, or waits while another thread does. */
    private void writeAgain(final Sent write, final Lost lost) throws InterruptedIOException {
        synchronized (this) {
            try {
                while (write.repeating) {
                    wait();
                }
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while lost bytes were written again");
            }
            if (write.repeated) {
                return;
            }
            write.repeating = true;
        }
        int written = 0;
        IOException failure = null;
        boolean repeated = false;
        try {
            written = lost.writeAgain();
            repeated = true;
        } catch (final InterruptedIOException e) {
            // Another thread goes on, or this one when it needs the write the next time.
            throw e;
        } catch (final IOException e) {
            failure = e;
            repeated = true;
        } finally {
            synchronized (this) {
                write.repeating = false;
                write.repeated = repeated;
                write.written = written;
                write.failure = failure;
                notifyAll();
            }
        }
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
            if (write.repeated || (write.call.future().isDone() && !write.isLost())) {
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
            if (write.failure != null) {
                fail(write.failure);
                return;
            }
            final Rwrite answer = write.repeated ? null : write.call.future().getNow(null);
            final int written = answer == null ? write.written : answer.count();
            if (written < write.count) {
                // The server would give the reason with the next write only, such as EDQUOT. That failure is recorded
                // later, and reported instead of this one.
                fail(new ErrnoException(Errno.ENOSPC, "the server wrote " + written + " of " + write.count + " bytes"));
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
