package dev.ninepin.share.cache;

import dev.ninepin.p9.Rwrite;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.SessionEndedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A write of {@link PendingWrites}, whose monitor guards the fields that change. It was sent at once, or its bytes are
 * gathered here until they are sent.
 */
final class PendingWrite {
    /** The first size of {@link #bytes}, for the small files that most files are. */
    private static final int LEAST_SIZE = 8 << 10;

    /** By how much {@link #bytes} grows, until it has {@link #limit} bytes. */
    private static final int GROWTH = 4;

    /** The most requests for the bytes of one write. A server that writes a page at a time needs as many. */
    private static final int MOST_REQUESTS = 16;

    private final PendingWrites.Target to;
    private final int limit;
    private final PendingWrites.Repeater repeater;

    /** The way to send the gathered bytes; null if the write was sent at once. */
    private final PendingWrites.@Nullable Sender sender;

    /** The number of bytes of the write. */
    private int count;

    /** The number of bytes that the server is known to have written. */
    private int written;

    /** How many requests were answered. */
    private int answers;

    /** The gathered bytes, from index 0 to the position; null if the write was sent at once. */
    private @Nullable ByteBuffer bytes;

    /** The latest request; null before the first one, and while bytes are left that it did not write. */
    private @Nullable Call<Rwrite> call;

    /** The result of writing the bytes again after the end of the connection; null if they were not written again. */
    private @Nullable Result again;

    /** Whether a thread is sending the bytes that are left, or is writing them again. */
    private boolean sending;

    /** Whether the write has succeeded or failed, and this was recorded. */
    private boolean done;

    private PendingWrite(
            final PendingWrites.Target to,
            final int count,
            final int limit,
            final @Nullable Call<Rwrite> call,
            final PendingWrites.Repeater repeater,
            final PendingWrites.@Nullable Sender sender) {
        this.to = to;
        this.count = count;
        this.limit = limit;
        this.call = call;
        this.repeater = repeater;
        this.sender = sender;
    }

    /** Returns a write that was just sent. */
    static PendingWrite sent(
            final PendingWrites.Target to,
            final int count,
            final Call<Rwrite> call,
            final PendingWrites.Repeater repeater) {
        return new PendingWrite(to, count, count, call, repeater, null);
    }

    /** Returns a write that gathers at most {@code limit} bytes, and begins with {@code data}. */
    static PendingWrite gathered(
            final PendingWrites.Target to, final ByteBuffer data, final int limit, final PendingWrites.Sender sender) {
        final PendingWrite write = new PendingWrite(to, 0, limit, null, sender, sender);
        write.bytes = ByteBuffer.allocate(Math.min(limit, Math.max(LEAST_SIZE, data.remaining())));
        write.append(data);
        return write;
    }

    /** Returns whether a write to {@code next} begins where this one ends, over the same open file. */
    boolean endsAt(final PendingWrites.Target next) {
        return next.file() == to.file()
                && next.append() == to.append()
                && (next.append() || next.offset() == to.offset() + count);
    }

    /** Returns whether {@code more} bytes can still be gathered. */
    boolean takes(final int more) {
        return isUnsent() && !sending && written == 0 && more <= limit - count;
    }

    void append(final ByteBuffer data) {
        ByteBuffer into = requireBytes();
        if (into.remaining() < data.remaining()) {
            final int wanted = Math.max(into.capacity() * GROWTH, count + data.remaining());
            into = ByteBuffer.allocate(Math.min(limit, wanted)).put(into.flip());
            bytes = into;
        }
        count += data.remaining();
        into.put(data.duplicate());
    }

    /** Returns whether the write may change bytes from the offset {@code from} to before {@code until}. */
    boolean overlaps(final long from, final long until) {
        // Another client may append meanwhile, so the offset of an append is unknown.
        return to.append() || (to.offset() < until && from < to.offset() + count);
    }

    boolean isOver(final Object file) {
        return to.file() == file;
    }

    boolean isAppend() {
        return to.append();
    }

    boolean isGathered() {
        return bytes != null;
    }

    /** Returns whether bytes must still be sent. */
    boolean isUnsent() {
        return !done && call == null;
    }

    boolean isDone() {
        return done;
    }

    boolean isSending() {
        return sending;
    }

    @Nullable
    Call<Rwrite> call() {
        return call;
    }

    /** Begins to send the bytes that are left. No other thread may until {@link #endSend}. */
    Rest beginSend() {
        sending = true;
        return new Rest(to.offset() + written, rest(), requireSender());
    }

    private ByteBuffer rest() {
        return requireBytes().slice(0, count).position(written).slice();
    }

    /** @param request null if nothing was sent */
    void endSend(final @Nullable Call<Rwrite> request) {
        sending = false;
        call = request;
    }

    /** The bytes of a gathered write that the server has not written yet. */
    record Rest(long offset, ByteBuffer bytes, PendingWrites.Sender sender) {
        Call<Rwrite> send(final long patienceNanos) {
            return sender.send(offset, bytes, patienceNanos);
        }
    }

    /** Returns whether the connection ended before the answer, and the bytes must be written again. */
    boolean isLost() {
        return !done && again == null && repeater.isRepeated() && lossOf(call) != null;
    }

    private static @Nullable SessionEndedException lossOf(final @Nullable Call<Rwrite> request) {
        return request != null
                        && request.future().isCompletedExceptionally()
                        && request.future().handle((reply, failure) -> failure).getNow(null)
                                instanceof SessionEndedException lost
                ? lost
                : null;
    }

    /** Begins to write the bytes again. No other thread may do so until {@link #endAgain}. */
    Lost beginAgain() {
        final SessionEndedException lost = lossOf(call);
        if (lost == null) {
            throw new IllegalStateException("this write is not lost");
        }
        sending = true;
        return new Lost(repeater, to.offset() + written, isGathered() ? rest() : null, lost);
    }

    /**
     * Ends the attempt to write the bytes again. Without a result and a request, another thread may try again.
     *
     * @param result the result; null if there is none
     * @param request the request that replaces the lost one; null if there is none
     */
    void endAgain(final @Nullable Result result, final @Nullable Call<Rwrite> request) {
        sending = false;
        again = result;
        call = request == null ? call : request;
    }

    /** A write whose connection ended before the answer. */
    record Lost(
            PendingWrites.Repeater repeater,
            long offset,
            @Nullable ByteBuffer rest,
            SessionEndedException why) {
        int writeAgain() throws IOException {
            return repeater.writeAgain(offset, rest, why);
        }

        Call<Rwrite> appendAgain() throws IOException {
            return repeater.appendAgain(rest, why);
        }
    }

    /** The result of writing bytes again. */
    record Result(int written, @Nullable IOException failure) {}

    /** Returns whether a result is there that was not recorded yet. */
    boolean isAnswered() {
        return again != null || (call != null && call.future().isDone() && !isLost());
    }

    /** Returns why the bytes could not be written again; null if they were, or if this was not needed. */
    @Nullable
    IOException repetitionFailure() {
        return again == null ? null : again.failure();
    }

    /**
     * Returns how many bytes of the last request the server has written.
     *
     * @throws java.util.concurrent.CompletionException if the request has failed
     */
    int answer() {
        if (again != null) {
            return again.written();
        }
        final Rwrite answer = requireCall().future().getNow(null);
        return answer == null ? 0 : answer.count();
    }

    private Call<Rwrite> requireCall() {
        if (call == null) {
            throw new IllegalStateException("nothing was sent");
        }
        return call;
    }

    /**
     * Records how many bytes the server has written of those that it was sent last. Returns whether the rest must be
     * sent: it is still there, and the server can write more than a few bytes at a time.
     */
    boolean recordWritten(final int more) {
        written += more;
        answers++;
        if (more == 0 || written == count || !isGathered() || answers == MOST_REQUESTS) {
            return false;
        }
        call = null;
        again = null;
        return true;
    }

    int count() {
        return count;
    }

    int written() {
        return written;
    }

    /** Records that the write has succeeded or failed. */
    void end() {
        done = true;
        forgetBytes();
    }

    /** Forgets the bytes of a write that was sent: they will not be sent again. */
    void forgetBytes() {
        bytes = null;
        repeater.end();
    }

    private ByteBuffer requireBytes() {
        if (bytes == null) {
            throw new IllegalStateException("the bytes of this write were sent and forgotten");
        }
        return bytes;
    }

    private PendingWrites.Sender requireSender() {
        if (sender == null) {
            throw new IllegalStateException("this write was sent at once");
        }
        return sender;
    }
}
