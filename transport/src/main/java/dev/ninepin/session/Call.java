package dev.ninepin.session;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.ProtocolException;
import dev.ninepin.p9.Rmessage;
import dev.ninepin.p9.Tmessage;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way, and its answer to come.
 *
 * <p>Its tag stays taken until the reply has come and, if the request was flushed, the Rflush too: until then the
 * server may still use the tag (flush(5); QEMU's {@code hw/9pfs/9p.c}, {@code v9fs_flush}). It also stays taken while
 * the reply's memory is lent out, because the channel counts the request until then.
 *
 * @param <R> what the reply is turned into
 */
public final class Call<R> {
    private final Exchange exchange;
    private final Tmessage request;
    private final ReplyHandler<R> handler;
    private final int tag;
    private final TagTable.Kind kind;
    private final long sentNanos = System.nanoTime();
    private final CompletableFuture<R> future = new CompletableFuture<>();

    /** The reply has come, or will never. */
    @GuardedBy("this")
    private boolean ended;

    /** Why the request is being given up; null while it is not. */
    @GuardedBy("this")
    private @Nullable IOException flushReason;

    @GuardedBy("this")
    private boolean flushAnswered;

    /** A {@link ReadReply} has the reply's memory. */
    @GuardedBy("this")
    private boolean lent;

    Call(
            final Exchange exchange,
            final int tag,
            final TagTable.Kind kind,
            final Tmessage request,
            final ReplyHandler<R> handler) {
        this.exchange = exchange;
        this.tag = tag;
        this.kind = kind;
        this.request = request;
        this.handler = handler;
    }

    /** Turns the expected reply into what the caller wants; runs on the reply reader and must not block. */
    @FunctionalInterface
    interface ReplyHandler<R> {
        /**
         * Takes a reply of the expected type.
         *
         * @param memory where the reply's data lies; closed after this returns, unless the result is a
         *     {@link ReadReply}, which then owns it
         */
        R handle(Rmessage reply, Received memory) throws ProtocolException;
    }

    /** The answer to come, for those who don't wait. Its continuations run on the reply reader and must not block. */
    public CompletableFuture<R> future() {
        return future;
    }

    /**
     * Waits for the answer, up to the session's timeout. An interrupt of the waiting thread gives the request up: a
     * Tflush is sent, and the answer is whatever comes first. Over a channel that takes no Tflush this returns at once,
     * and whatever comes is dropped. The thread's interrupt flag stays set.
     *
     * @throws RemoteException if the server refused
     * @throws InterruptedIOException if the request was given up for an interrupt
     * @throws RequestTimeoutException if the server did not answer in time
     * @throws SessionEndedException if the session ended first
     */
    public R await() throws IOException {
        return await(exchange.timeoutNanos());
    }

    /** As {@link #await()}, up to {@code timeoutNanos} after the request was sent. */
    R await(final long timeoutNanos) throws IOException {
        boolean interrupted = false;
        long deadline = sentNanos + timeoutNanos;
        IOException reason = null;
        try {
            while (true) {
                try {
                    return future.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                } catch (final InterruptedException e) {
                    interrupted = true;
                    if (reason == null) {
                        reason = new InterruptedIOException(notation() + " was interrupted");
                        deadline = giveUp(reason);
                    }
                } catch (final TimeoutException e) {
                    if (reason == null) {
                        reason = new RequestTimeoutException(notation(), timeoutNanos);
                        deadline = giveUp(reason);
                    } else {
                        future.completeExceptionally(reason);
                    }
                }
            }
        } catch (final ExecutionException e) {
            throw asIoException(e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Has the request flushed, and says until when the answer is worth waiting for. */
    private long giveUp(final IOException reason) {
        if (tag == Frame.NOTAG || !exchange.canFlush()) {
            // A Tversion has no tag that could be flushed. Any other request's stays taken; the reply is nobody's then.
            return System.nanoTime();
        }
        exchange.flush(this, reason);
        return System.nanoTime() + exchange.flushGraceNanos();
    }

    private static IOException asIoException(final ExecutionException failure) {
        if (failure.getCause() instanceof IOException known) {
            return known;
        }
        throw new CompletionException("a reply could not be handled", failure.getCause());
    }

    int tag() {
        return tag;
    }

    /** What {@link #tag} was taken for. */
    TagTable.Kind kind() {
        return kind;
    }

    Tmessage request() {
        return request;
    }

    String notation() {
        return request.messageType().notation();
    }

    long sentNanos() {
        return sentNanos;
    }

    /** The expected reply has come; {@code memory} is taken over. Returns whether the tag is free. */
    boolean answered(final Rmessage reply, final Received memory) throws ProtocolException {
        final R value;
        try {
            value = handler.handle(reply, memory);
        } catch (final ProtocolException | RuntimeException e) {
            memory.close();
            throw e;
        }
        if (value instanceof ReadReply data) {
            lend();
            data.onClose(() -> exchange.memoryReturned(this));
            if (!future.complete(value)) {
                data.close();
            }
        } else {
            memory.close();
            future.complete(value);
        }
        return end();
    }

    private synchronized void lend() {
        lent = true;
    }

    /** The reply's memory is the channel's again. Returns whether the tag is free. */
    synchronized boolean memoryReturned() {
        lent = false;
        return isOver();
    }

    /** Whether the server may still answer. */
    synchronized boolean isUnanswered() {
        return !ended;
    }

    /** Whether nothing more will come of the request: no reply, no Rflush, and no use of the reply's memory. */
    synchronized boolean isOver() {
        return ended && !lent && (flushReason == null || flushAnswered);
    }

    /** There will be no result; {@code reason} says why. Returns whether the tag is free. */
    boolean failed(final IOException reason) {
        future.completeExceptionally(reason);
        return end();
    }

    /** Notes that the request is to be given up. Returns whether a Tflush is to be sent for it, which is so once. */
    synchronized boolean beginFlush(final IOException reason) {
        if (ended || flushReason != null) {
            return false;
        }
        flushReason = reason;
        return true;
    }

    /** The server ended the request without a reply, as it may once it was flushed. Returns whether the tag is free. */
    boolean endedWithoutReply() {
        final IOException reason;
        synchronized (this) {
            reason = flushReason != null
                    ? flushReason
                    : new IOException("the server ended " + notation() + " without a reply");
        }
        return failed(reason);
    }

    /**
     * The Tflush is over. With an Rflush, no reply will follow any more; without one (the server knows no Tflush, or
     * could not be asked), one still may. Returns whether the tag is free.
     */
    boolean endFlush(final boolean answered) {
        final IOException reason;
        synchronized (this) {
            flushAnswered = true;
            if (!answered) {
                return isOver();
            }
            ended = true;
            reason = flushReason;
        }
        if (reason != null) {
            future.completeExceptionally(reason);
        }
        return isOver();
    }

    private synchronized boolean end() {
        ended = true;
        return isOver();
    }
}
