package dev.ninepin.share.cache;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.SessionEndedException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The writes of a file that write(2) has returned from and that may not be answered yet: the failure of such a write is
 * reported later. Most were sent. The bytes of the others are gathered, to be sent as one request. {@code
 * docs/decisions/0019-writes-behind.md} and {@code 0050-gathered-writes.md} have the rules.
 *
 * <p>A server may serve requests in any order. So a request whose result depends on these writes waits for their
 * answers first ({@link #await}). What is gathered is sent then.
 *
 * <p>If the connection ends before the answer, the first thread that waits for the write sends the bytes again over the
 * next connection ({@code docs/decisions/0048-reconnection.md}).
 *
 * <p>Each failure has a number. A descriptor reports a failure once: it remembers the number of the last failure that
 * it reported, as the kernel does ({@code lib/errseq.c}).
 *
 * <p>Any thread may call any method. No request is sent under the monitor, and no answer awaited.
 */
public final class PendingWrites {
    /** Longer than any session's timeout, in nanoseconds. */
    private static final long NO_LIMIT = Long.MAX_VALUE;

    /** The writes whose results were not recorded yet, in the order of their calls. */
    @GuardedBy("this")
    private final List<PendingWrite> writes = new ArrayList<>(0);

    /** Whether {@link #writes} has elements. Read without the monitor, since most files have no such writes. */
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

    /**
     * Where a write goes.
     *
     * @param file the open file that it goes over
     * @param append whether it goes to the end of the file, wherever that is
     * @param offset the offset of its first byte; ignored by a server if it appends
     */
    public record Target(Object file, boolean append, long offset) {}

    /** The way to repeat a write whose connection ended before the answer. Any thread may call any method. */
    public interface Repeater {
        /** Returns whether the write is repeated; otherwise it has failed. Must not block. */
        boolean isRepeated();

        /**
         * Writes bytes again over another connection, not as an append. Blocks until the server has answered. If the
         * thread is interrupted, the next caller writes the bytes once more.
         *
         * @param offset the offset of the first byte
         * @param rest the gathered bytes that may be unwritten; null if the write was sent at once
         * @param lost the failure of the last request
         * @return how many bytes were written
         * @throws IOException if it is unknown whether the bytes were written, or they cannot be written again
         */
        int writeAgain(long offset, @Nullable ByteBuffer rest, SessionEndedException lost) throws IOException;

        /**
         * Appends bytes over another connection. Does not wait for the answer, because an interrupted wait could lead
         * to a second append of the same bytes.
         *
         * @param rest the gathered bytes that may be unwritten; null if the write was sent at once
         * @param lost the failure of the last request
         * @return the request, which may carry only the first of these bytes
         * @throws IOException if it is unknown whether the bytes were appended, or they cannot be sent; nothing was
         *     sent
         */
        Call<Rwrite> appendAgain(@Nullable ByteBuffer rest, SessionEndedException lost) throws IOException;

        /** Called at least once, when no more bytes will be sent. Must not block. */
        void end();
    }

    /** The way to send gathered bytes. */
    public interface Sender extends Repeater {
        /**
         * Sends bytes. May block until a tag is free, at most for {@code patienceNanos} and for the session's timeout,
         * and does not wait for the answer.
         */
        Call<Rwrite> send(long offset, ByteBuffer bytes, long patienceNanos);
    }

    /**
     * Adds a write of {@code count} bytes that was just sent. {@link FilePages#beginChange} was called for it.
     *
     * @param repeater called by a thread that waits for the write, if the connection ends before the answer
     */
    public void add(final Target to, final int count, final Call<Rwrite> call, final Repeater repeater) {
        synchronized (this) {
            writes.add(PendingWrite.sent(to, count, call, repeater));
            any = true;
        }
        recordAnswered();
    }

    /**
     * Adds bytes to the write that is being gathered, if they continue it and there is room.
     *
     * @return whether the bytes were added, and will be sent
     */
    public synchronized boolean join(final Target to, final ByteBuffer data) {
        if (!isNext(to, data.remaining()) || !last().takes(data.remaining())) {
            return false;
        }
        last().append(data);
        return true;
    }

    /** Returns whether a write continues the latest one, and that one is pending. It may then be gathered. */
    public boolean continuesLast(final Target to, final int count) {
        return any && isNext(to, count);
    }

    private synchronized boolean isNext(final Target to, final int count) {
        if (writes.isEmpty() || !last().endsAt(to)) {
            return false;
        }
        // An append is sent after all earlier writes are answered. The order of other writes is undefined, so their
        // bytes must differ.
        return to.append() || overlapping(to.offset(), to.offset() + count).isEmpty();
    }

    @GuardedBy("this")
    private PendingWrite last() {
        return writes.get(writes.size() - 1);
    }

    /**
     * Begins to gather bytes, if they still continue the latest write and that one is still pending. If it fails, these
     * bytes may have to fail with it. {@link FilePages#beginChange} was called for them.
     *
     * @param data the first bytes
     * @param limit the most bytes that one request may carry
     * @return whether the bytes were kept, and will be sent
     */
    public synchronized boolean gather(final Target to, final ByteBuffer data, final int limit, final Sender sender) {
        if (!isNext(to, data.remaining())) {
            return false;
        }
        writes.add(PendingWrite.gathered(to, data, limit, sender));
        any = true;
        return true;
    }

    /** Records that the server could not keep data that it had acknowledged. Each descriptor reports this once. */
    public synchronized void recordFailure(final IOException failure) {
        fail(failure);
    }

    /** Returns whether a write may be unanswered. */
    public boolean any() {
        return any;
    }

    /**
     * Blocks until each write that was added before this call has succeeded or failed. A write that is not answered
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
            final List<PendingWrite> before;
            synchronized (this) {
                before = List.copyOf(writes);
            }
            await(before, patienceNanos);
        }
    }

    /**
     * Blocks as {@link #await()} does, but only for writes of bytes from the offset {@code start} to before {@code end}.
     */
    public void await(final long start, final long end) throws InterruptedIOException {
        if (any) {
            final List<PendingWrite> before;
            synchronized (this) {
                before = overlapping(start, end);
            }
            await(before, NO_LIMIT);
        }
    }

    /** Blocks as {@link #await()} does, but not for the latest write. */
    public void awaitAllButLast() throws InterruptedIOException {
        final List<PendingWrite> before;
        synchronized (this) {
            before = List.copyOf(writes.subList(0, Math.max(0, writes.size() - 1)));
        }
        await(before, NO_LIMIT);
    }

    /** Returns the writes that must be answered before a write of these bytes is sent. */
    @GuardedBy("this")
    private List<PendingWrite> overlapping(final long start, final long end) {
        final List<PendingWrite> found = new ArrayList<>();
        for (int i = writes.size() - 1; i >= 0; i--) {
            final PendingWrite each = writes.get(i);
            if (each.isAppend() && each.isUnsent()) {
                // It waits for all earlier writes itself.
                found.addAll(0, writes.subList(0, i + 1));
                return found;
            } else if (each.overlaps(start, end)) {
                found.add(0, each);
            }
        }
        return found;
    }

    /** Sends what is gathered, and waits for the answers to {@code before}, which must be in the order of the list. */
    private void await(final List<PendingWrite> before, final long patienceNanos) throws InterruptedIOException {
        final long begin = System.nanoTime();
        sendAllReady(patienceNanos);
        for (final PendingWrite each : before) {
            while (!isDone(each)) {
                final long left = patienceNanos - (System.nanoTime() - begin);
                final Call<Rwrite> call = callOf(each);
                if (left <= 0) {
                    return;
                } else if (call == null) {
                    // All earlier writes that it depends on are answered by now.
                    send(each, left);
                } else if (!call.awaitEnd(left)) {
                    // All at once, since a Tflush may have to be waited for.
                    before.forEach(this::giveUpIfOverdue);
                } else {
                    writeAgainIfLost(each, left);
                }
                recordAnswered();
            }
        }
    }

    private synchronized boolean isDone(final PendingWrite write) {
        return write.isDone();
    }

    private synchronized @Nullable Call<Rwrite> callOf(final PendingWrite write) {
        return write.call();
    }

    private void giveUpIfOverdue(final PendingWrite write) {
        final Call<Rwrite> call = callOf(write);
        if (call != null) {
            call.giveUpIfOverdue();
        }
    }

    /**
     * Sends the gathered bytes that need not wait for the answer to another write. Waits for no answer itself.
     *
     * @return whether gathered bytes are not known to be written
     */
    public boolean sendReady() throws InterruptedIOException {
        if (!any) {
            return false;
        }
        sendAllReady(NO_LIMIT);
        synchronized (this) {
            return writes.stream().anyMatch(PendingWrite::isGathered);
        }
    }

    /** Sends nothing after {@code patienceNanos}. */
    private void sendAllReady(final long patienceNanos) throws InterruptedIOException {
        final long begin = System.nanoTime();
        recordAnswered();
        long left = patienceNanos;
        for (PendingWrite next = nextReady(); next != null && left > 0; next = nextReady()) {
            send(next, left);
            left = patienceNanos - (System.nanoTime() - begin);
        }
    }

    private synchronized @Nullable PendingWrite nextReady() {
        for (final PendingWrite each : writes) {
            if (each.isUnsent() && !each.isSending() && (!each.isAppend() || each == writes.get(0))) {
                return each;
            }
        }
        return null;
    }

    /**
     * Sends the bytes that are left of a gathered write. If another thread is sending them, waits for that thread
     * instead. Waits at most for {@code patienceNanos}, for that thread or for a tag. If this thread is interrupted
     * before the bytes are sent, they stay.
     */
    private void send(final PendingWrite write, final long patienceNanos) throws InterruptedIOException {
        final long begin = System.nanoTime();
        final PendingWrite.Rest rest = beginSend(write, patienceNanos);
        if (rest == null) {
            return;
        }
        Call<Rwrite> request = null;
        InterruptedIOException interrupt = null;
        try {
            request = rest.send(patienceNanos - (System.nanoTime() - begin));
            interrupt = interruptOf(request);
        } finally {
            endSend(write, interrupt == null ? request : null);
        }
        if (interrupt != null) {
            throw interrupt;
        }
    }

    private synchronized PendingWrite.@Nullable Rest beginSend(final PendingWrite write, final long patienceNanos)
            throws InterruptedIOException {
        return awaitSender(write, patienceNanos) && write.isUnsent() ? write.beginSend() : null;
    }

    /** Waits while another thread sends a write. Returns false if that takes longer than {@code patienceNanos}. */
    @GuardedBy("this")
    private boolean awaitSender(final PendingWrite write, final long patienceNanos) throws InterruptedIOException {
        final long begin = System.nanoTime();
        while (write.isSending()) {
            final long left = patienceNanos - (System.nanoTime() - begin);
            if (left <= 0) {
                return false;
            }
            try {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while a write was being sent");
            }
        }
        return true;
    }

    private synchronized void endSend(final PendingWrite write, final @Nullable Call<Rwrite> request) {
        write.endSend(request);
        notifyAll();
    }

    /** Returns the interrupt that kept a request from being sent; null if there was none. */
    private static @Nullable InterruptedIOException interruptOf(final Call<Rwrite> request) {
        return request.future().isCompletedExceptionally()
                        && request.future().handle((reply, failure) -> failure).join()
                                instanceof InterruptedIOException interrupt
                ? interrupt
                : null;
    }

    /**
     * Gives up the gathered bytes of an open file that are not sent, and its lost writes, because the file's fids are
     * about to be clunked. Waits for a thread that is sending the bytes, at most for {@code patienceNanos}.
     *
     * @return whether nothing is sent over this file from now on; false if a thread still waits for a tag to do so
     */
    public boolean discard(final Object file, final long patienceNanos) {
        if (!any) {
            return true;
        }
        final long begin = System.nanoTime();
        int ended = 0;
        boolean interrupted = false;
        final boolean quiet;
        synchronized (this) {
            long left = patienceNanos;
            while (left > 0 && isSendingOver(file)) {
                try {
                    TimeUnit.NANOSECONDS.timedWait(this, left);
                } catch (final InterruptedException e) {
                    interrupted = true;
                }
                left = patienceNanos - (System.nanoTime() - begin);
            }
            quiet = !isSendingOver(file);
            for (final PendingWrite each : List.copyOf(writes)) {
                if (each.isOver(file) && (each.isUnsent() || each.isLost()) && !each.isSending()) {
                    fail(new IOException("the file was closed before these bytes were sent"));
                    end(each);
                    ended++;
                } else if (each.isOver(file) && !each.isSending()) {
                    each.forgetBytes();
                }
            }
        }
        noteEnds(ended, ended > 0);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return quiet;
    }

    @GuardedBy("this")
    private boolean isSendingOver(final Object file) {
        for (final PendingWrite each : writes) {
            if (each.isOver(file) && each.isSending()) {
                return true;
            }
        }
        return false;
    }

    /**
     * Sends the lost and the gathered writes for which no thread waits. Blocks until the server has answered the lost
     * writes.
     */
    public void writeLostAgain() throws InterruptedIOException {
        if (!any) {
            return;
        }
        sendAllReady(NO_LIMIT);
        final List<PendingWrite> lost;
        synchronized (this) {
            lost = writes.stream().filter(PendingWrite::isLost).toList();
        }
        await(lost, NO_LIMIT);
    }

    /**
     * Writes the bytes of a lost write again. If another thread does so, waits at most {@code patienceNanos} for it.
     */
    private void writeAgainIfLost(final PendingWrite write, final long patienceNanos) throws InterruptedIOException {
        final PendingWrite.Lost lost = beginAgain(write, patienceNanos);
        if (lost == null) {
            return;
        }
        PendingWrite.Result result = null;
        Call<Rwrite> request = null;
        InterruptedIOException interrupt = null;
        try {
            if (write.isAppend()) {
                request = lost.appendAgain();
                interrupt = interruptOf(request);
            } else {
                result = new PendingWrite.Result(lost.writeAgain(), null);
            }
        } catch (final InterruptedIOException e) {
            interrupt = e;
        } catch (final IOException e) {
            result = new PendingWrite.Result(0, e);
        } finally {
            endAgain(write, result, interrupt == null ? request : null);
        }
        if (interrupt != null) {
            // The next thread that needs the write continues.
            throw interrupt;
        }
    }

    private synchronized PendingWrite.@Nullable Lost beginAgain(final PendingWrite write, final long patienceNanos)
            throws InterruptedIOException {
        return awaitSender(write, patienceNanos) && write.isLost() ? write.beginAgain() : null;
    }

    private synchronized void endAgain(
            final PendingWrite write,
            final PendingWrite.@Nullable Result result,
            final @Nullable Call<Rwrite> request) {
        write.endAgain(result, request);
        notifyAll();
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

    /** Records the results of the answered writes. Waits for none. */
    public void recordAnswered() {
        final int answered;
        final boolean lost;
        synchronized (this) {
            final long before = failures.get();
            answered = recordResults();
            lost = failures.get() != before;
        }
        noteEnds(answered, lost);
    }

    private void noteEnds(final int ended, final boolean lost) {
        if (lost) {
            pages.noteLostWrite();
        }
        for (int i = 0; i < ended; i++) {
            pages.endChange();
        }
    }

    /**
     * Records the results of the answered writes and removes these. An append that was not sent fails with the one before
     * it: on the server it would be where the bytes of that one belong. Returns how many writes have ended.
     */
    @GuardedBy("this")
    private int recordResults() {
        int ended = 0;
        boolean appendFailed = false;
        for (final Iterator<PendingWrite> each = writes.iterator(); each.hasNext(); ) {
            final PendingWrite write = each.next();
            final boolean answered = write.isAnswered() && !recordResult(write);
            if (answered || (appendFailed && write.isAppend() && write.isUnsent())) {
                appendFailed |= write.isAppend() && write.written() < write.count();
                each.remove();
                write.end();
                ended++;
            }
        }
        any = !writes.isEmpty();
        return ended;
    }

    /** Records the result of an answered request. Returns whether bytes are left to be sent. */
    @GuardedBy("this")
    private boolean recordResult(final PendingWrite write) {
        try {
            final IOException failure = write.repetitionFailure();
            if (failure != null) {
                fail(failure);
            } else if (write.recordWritten(write.answer())) {
                return true;
            } else if (write.written() < write.count()) {
                // The server would give the reason with the next write only, such as EDQUOT. That failure is recorded
                // later, and reported instead of this one.
                fail(new ErrnoException(
                        Errno.ENOSPC, "the server wrote " + write.written() + " of " + write.count() + " bytes"));
            }
        } catch (final CompletionException e) {
            fail(e.getCause() instanceof IOException known ? known : new IOException("cannot process a reply", e));
        }
        return false;
    }

    @GuardedBy("this")
    private void end(final PendingWrite write) {
        writes.remove(write);
        write.end();
        any = !writes.isEmpty();
    }

    @GuardedBy("this")
    private void fail(final IOException failure) {
        lastFailure = failure;
        failures.incrementAndGet();
    }
}
