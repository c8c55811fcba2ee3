package dev.ninepin.session.exchange;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.MessageType;
import dev.ninepin.p9.ProtocolException;
import dev.ninepin.p9.Rmessage;
import dev.ninepin.p9.Tmessage;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A request in flight and its pending result.
 *
 * <p>The tag stays taken until the reply arrives and, if the request was flushed, until the Rflush arrives too. The
 * server may still use the tag until then (flush(5); QEMU's {@code hw/9pfs/9p.c}, {@code v9fs_flush}). The tag also
 * stays taken while the reply's memory is lent to a {@link ReadReply}, because the channel counts the request until
 * that memory is returned.
 *
 * <p>Any thread may call any method.
 *
 * @param <R> the type of the result
 */
public final class Call<R> {
    private final Exchange exchange;
    private final Tmessage request;
    private final ReplyHandler<R> handler;
    private final int tag;
    private final TagTable.Kind kind;
    private final long begunNanos;
    private final CompletableFuture<R> future = new CompletableFuture<>();

    /**
     * The thread that waits for the reply, and from the reply's arrival on the reply. Null while no thread waits. So one
     * thread processes the reply: the receiver if it finds no thread here, or else the thread that it finds.
     */
    private final AtomicReference<@Nullable Object> expected = new AtomicReference<>();

    /** Whether the server may have received the request. */
    private volatile boolean sent;

    /** True once the reply has arrived, or once it is certain that no reply will. */
    @GuardedBy("this")
    private boolean ended;

    /** Why the request was given up; null while it is not given up. */
    @GuardedBy("this")
    private @Nullable IOException flushReason;

    @GuardedBy("this")
    private boolean flushAnswered;

    /** True while a {@link ReadReply} owns the reply's memory. */
    @GuardedBy("this")
    private boolean lent;

    /** @param begunNanos when the caller began to wait for the tag, as a {@link System#nanoTime} */
    Call(
            final Exchange exchange,
            final long begunNanos,
            final int tag,
            final TagTable.Kind kind,
            final Tmessage request,
            final ReplyHandler<R> handler) {
        this.exchange = exchange;
        this.begunNanos = begunNanos;
        this.tag = tag;
        this.kind = kind;
        this.request = request;
        this.handler = handler;
    }

    /**
     * Converts the expected reply to the caller's result. Runs on the thread that waits for the reply, or else on the one
     * that receives it, and must not block.
     */
    @FunctionalInterface
    public interface ReplyHandler<R> {
        /**
         * Converts a reply of the expected type.
         *
         * @param memory the memory that holds the reply's data; closed after this method returns, unless the result is
         *     a {@link ReadReply}, which then owns it
         */
        R handle(Rmessage reply, Received memory) throws ProtocolException;
    }

    /**
     * Returns the pending result, for callers that do not block. Its continuations run on any thread that waits for a
     * reply, or on the reply reader, and must not block.
     */
    public CompletableFuture<R> future() {
        return future;
    }

    /**
     * Blocks until the result is available, at most for the session's timeout.
     *
     * <p>An interrupt of the waiting thread gives the request up: a Tflush is sent, and the result is whichever answer
     * comes first. On a channel without Tflush, this method returns at once and a later reply is dropped. The thread's
     * interrupt flag stays set.
     *
     * @throws RemoteException if the server answered with an error
     * @throws InterruptedIOException if the request was given up because of an interrupt
     * @throws RequestTimeoutException if the server did not answer in time
     * @throws SessionEndedException if the session ended first
     */
    public R await() throws IOException {
        return await(exchange.timeoutNanos());
    }

    /**
     * Blocks like {@link #await()}, but at most until {@code timeoutNanos} after the call began. The wait for a tag is
     * part of this time.
     */
    public R await(final long timeoutNanos) throws IOException {
        final SignsOfLife life = exchange.life();
        boolean interrupted = false;
        long deadline = begunNanos + timeoutNanos;
        long gaveUpAt = 0;
        IOException reason = null;
        boolean probed = false;
        // When to check whether the server is silent. If it is, the request fails before its deadline.
        long silenceLook = firstSilenceLook(deadline);
        try {
            while (!future.isDone()
                    && !exchange.await(this, nextLook(SignsOfLife.earlier(silenceLook, deadline), reason, gaveUpAt))) {
                if (Thread.interrupted()) {
                    interrupted = true;
                    if (reason == null) {
                        reason = new InterruptedIOException(notation() + " was interrupted");
                        gaveUpAt = System.nanoTime();
                        deadline = giveUp(reason);
                        silenceLook = deadline + 1;
                    }
                } else if (reason instanceof InterruptedIOException
                        ? life.isSilentSince(gaveUpAt) && life.isMute()
                        : WaitCondition.isTrue() && life.isMute()) {
                    // The server may still serve the request.
                    fail(reason != null ? reason : givenUp());
                } else if (reason == null && silenceLook - System.nanoTime() <= 0 && mayBeSilent()) {
                    silenceLook = endIfSilent();
                    if (silenceLook - System.nanoTime() <= exchange.probeNanos()) {
                        deadline = SignsOfLife.later(deadline, silenceLook);
                    }
                } else if (deadline - System.nanoTime() <= 0) {
                    if (reason == null) {
                        reason = RequestTimeoutException.unanswered(notation(), timeoutNanos);
                        deadline = giveUp(reason);
                        silenceLook = deadline + 1;
                    } else if (mayProbe(reason) && !probed && exchange.probe(begunNanos)) {
                        probed = true;
                        deadline = System.nanoTime() + exchange.probeNanos();
                        silenceLook = deadline + 1;
                    } else {
                        fail(reason);
                        if (probed) {
                            exchange.noteUnanswered(begunNanos);
                        }
                    }
                }
            }
            return result();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Returns when to check for the first time whether the server is silent; after the deadline if never. */
    private long firstSilenceLook(final long deadline) {
        return mayBeSilent() ? begunNanos + exchange.silenceNanos() : deadline + 1;
    }

    private boolean mayBeSilent() {
        return tag != Frame.NOTAG && exchange.canFlush() && exchange.silenceNanos() <= exchange.timeoutNanos();
    }

    /**
     * Fails the call if the server has sent nothing for {@link Exchange#silenceNanos}, and has not answered a question
     * for a sign of life. Returns when to check again.
     */
    private long endIfSilent() {
        final SignsOfLife life = exchange.life();
        final long now = System.nanoTime();
        final long since = life.isSilentSince(begunNanos) ? begunNanos : life.heard();
        if (now - since < exchange.silenceNanos()) {
            return since + exchange.silenceNanos();
        } else if (life.isMute()) {
            fail(RequestTimeoutException.unanswered(notation(), now - begunNanos));
            exchange.noteUnanswered(since + 1);
        } else {
            life.ask();
        }
        return now + exchange.probeNanos();
    }

    /** Fails this call and all others if the server is silent. First asks the server for a sign of life. */
    void lookForSilence() {
        if (mayBeSilent()) {
            final long unused = endIfSilent();
        }
    }

    /** Returns whether the server may be asked for a sign of life: not before its Rversion. */
    private boolean mayProbe(final IOException reason) {
        return reason instanceof RequestTimeoutException && tag != Frame.NOTAG;
    }

    /** Returns until when to wait for the reply before checking the other conditions that end the wait. */
    private long nextLook(final long deadline, final @Nullable IOException reason, final long gaveUpAt) {
        final SignsOfLife life = exchange.life();
        if (reason instanceof InterruptedIOException) {
            return life.nextLook(gaveUpAt, deadline);
        } else if (!WaitCondition.isSet()) {
            return deadline;
        }
        final long look = System.nanoTime() + WaitCondition.CHECK_NANOS;
        // Not from the time when the condition became true, because the server may become mute later.
        return SignsOfLife.earlier(look, WaitCondition.isTrue() ? life.nextLook(life.heard() + 1, deadline) : deadline);
    }

    private InterruptedIOException givenUp() {
        return new InterruptedIOException(notation() + " was given up, because the server is silent");
    }

    private R result() throws IOException {
        if (!future.isCompletedExceptionally()) {
            return future.join();
        }
        // Not get or join, which wrap the failure in an exception with a stack trace. Errors are frequent.
        final Throwable failure = future.handle((value, cause) -> cause).join();
        if (failure instanceof IOException known) {
            throw known;
        }
        throw new CompletionException("cannot process a reply", failure);
    }

    /**
     * Blocks until the request has succeeded or failed, at most for {@code patienceNanos} and for the session's timeout.
     * An interrupt ends the wait, but does not give the request up.
     *
     * @return whether the request has succeeded or failed
     * @throws InterruptedIOException if the thread is interrupted; its interrupt flag stays set
     */
    public boolean awaitEnd(final long patienceNanos) throws InterruptedIOException {
        final long deadline = System.nanoTime() + Math.min(patienceNanos, untilOverdue());
        long silenceLook = firstSilenceLook(deadline);
        while (!future.isDone()
                && !exchange.await(this, nextLook(SignsOfLife.earlier(silenceLook, deadline), null, 0))) {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException("interrupted before " + notation() + " was answered");
            } else if (WaitCondition.isTrue() && exchange.isMute()) {
                throw givenUp();
            } else if (silenceLook - System.nanoTime() <= 0 && mayBeSilent()) {
                silenceLook = endIfSilent();
            } else if (deadline - System.nanoTime() <= 0) {
                return false;
            }
        }
        return true;
    }

    /** Gives the request up if it was not answered within the session's timeout. It has failed then; does not wait. */
    public void giveUpIfOverdue() {
        if (untilOverdue() > 0) {
            return;
        }
        final IOException reason = RequestTimeoutException.unanswered(notation(), exchange.timeoutNanos());
        if (fail(reason) && exchange.canFlush()) {
            exchange.flush(this, reason);
        }
    }

    /** Fails the call because the server is silent. The tag stays taken until the server answers. */
    void failUnanswered(final long nanos) {
        fail(RequestTimeoutException.unanswered(notation(), nanos));
    }

    private long untilOverdue() {
        return begunNanos + exchange.timeoutNanos() - System.nanoTime();
    }

    /**
     * Flushes the request. Returns the {@link System#nanoTime} until which the caller should still wait for an answer.
     */
    private long giveUp(final IOException reason) {
        if (tag == Frame.NOTAG || !exchange.canFlush()) {
            // A Tversion has no tag that a Tflush could name. Without Tflush, the tag stays taken and the reply is
            // dropped later.
            return System.nanoTime();
        }
        final long begin = System.nanoTime();
        exchange.flush(this, reason);
        return begin + exchange.flushGraceNanos();
    }

    public int tag() {
        return tag;
    }

    /** Returns what {@link #tag} was taken for. */
    TagTable.Kind kind() {
        return kind;
    }

    Tmessage request() {
        return request;
    }

    /** Records that the request is about to be sent. */
    void markSent() {
        sent = true;
    }

    /** Fails the call because its connection has ended. */
    void connectionEnded(final SessionEndedException why) {
        failed(why.of(request, sent));
    }

    /** Returns the name of the request's message type, such as {@code Tgetattr}. */
    String notation() {
        return request.messageType().notation();
    }

    /** Returns when the call began, before it had a tag, as a {@link System#nanoTime}. */
    public long begunNanos() {
        return begunNanos;
    }

    /**
     * Completes the call with a reply of the expected type and takes over {@code memory}. Returns whether the tag is
     * free.
     */
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
            if (!complete(value)) {
                data.close();
            }
        } else {
            memory.close();
            complete(value);
        }
        return end();
    }

    /** Returns whether the result is available. */
    boolean isDone() {
        return future.isDone();
    }

    /** Returns whether a waiting thread has to wait on: the call has no result, and no reply to make one of. */
    boolean lacksReply() {
        return !future.isDone() && !hasReply();
    }

    /** Returns whether a reply was handed to the waiting thread. */
    boolean hasReply() {
        return expected.get() instanceof Received;
    }

    /** Returns the thread that waits for the reply; null if there is none. */
    @Nullable
    Thread waiter() {
        return expected.get() instanceof Thread thread ? thread : null;
    }

    /** Returns whether a message has the type of the expected reply or of an error, or is empty. */
    boolean mayBeAnsweredBy(final ByteBuffer message) {
        if (!message.hasRemaining()) {
            return true;
        }
        final int type = Frame.peekType(message);
        return type == request.messageType().code() + 1
                || type == MessageType.RLERROR.code()
                || type == MessageType.RERROR.code();
    }

    /** Begins the wait of the calling thread. Returns false if another thread waits already. */
    boolean expect() {
        return expected.compareAndSet(null, Thread.currentThread());
    }

    /** Hands a reply to the waiting thread. Returns false if no thread waits. */
    boolean hand(final Received received) {
        final Thread thread = waiter();
        if (thread == null || !expected.compareAndSet(thread, received)) {
            return false;
        }
        wake(thread);
        return true;
    }

    /** Ends the wait of the calling thread. Returns the reply, if one has arrived, for the caller to process. */
    @Nullable
    Received stopExpecting() {
        return expected.compareAndSet(Thread.currentThread(), null) ? null : (Received) expected.get();
    }

    private static void wake(final @Nullable Thread thread) {
        if (thread != null && thread != Thread.currentThread()) {
            LockSupport.unpark(thread);
        }
    }

    private boolean complete(final R value) {
        final boolean first = future.complete(value);
        wake(waiter());
        return first;
    }

    /** Completes the call with a failure. Returns false if it was completed before. */
    private boolean fail(final IOException reason) {
        final boolean first = future.completeExceptionally(reason);
        wake(waiter());
        return first;
    }

    private synchronized void lend() {
        lent = true;
    }

    /** Notes that the channel has its memory back. Returns whether the tag is free. */
    synchronized boolean memoryReturned() {
        lent = false;
        return isOver();
    }

    /** Returns whether the server may still answer. */
    synchronized boolean isUnanswered() {
        return !ended;
    }

    /** Returns whether the request is finished: no reply, no Rflush and no use of the reply's memory is outstanding. */
    public synchronized boolean isOver() {
        return ended && !lent && (flushReason == null || flushAnswered);
    }

    /** Completes the call with the failure {@code reason}. Returns whether the tag is free. */
    boolean failed(final IOException reason) {
        fail(reason);
        return end();
    }

    /**
     * Marks the request as given up. Returns whether the caller must send a Tflush; this is true at most once per call.
     */
    synchronized boolean beginFlush(final IOException reason) {
        if (ended || flushReason != null) {
            return false;
        }
        flushReason = reason;
        return true;
    }

    /**
     * Fails the call after the server ended it without a reply, which a server may do after a flush. Returns whether
     * the tag is free.
     */
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
     * Notes that the Tflush is finished. After an Rflush, no reply follows. Without one, the reply may still come: the
     * server does not know Tflush, or could not be asked. Returns whether the tag is free.
     *
     * @param answered whether an Rflush arrived
     */
    boolean endFlush(final boolean answered) {
        final IOException reason;
        synchronized (this) {
            flushAnswered = true;
            if (!answered || hasReply()) {
                // A reply that came first decides, and its thread is about to process it.
                return isOver();
            }
            ended = true;
            reason = flushReason;
        }
        if (reason != null) {
            fail(reason);
        }
        return isOver();
    }

    private synchronized boolean end() {
        ended = true;
        return isOver();
    }
}
