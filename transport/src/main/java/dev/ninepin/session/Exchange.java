package dev.ninepin.session;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.ErrorReply;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.ProtocolException;
import dev.ninepin.p9.Rerror;
import dev.ninepin.p9.Rmessage;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Tflush;
import dev.ninepin.p9.Tmessage;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The requests and replies of one session over its channel: gives each request a tag, sends it, and has a background
 * thread, the <b>reply reader</b>, that dispatches the replies by tag.
 *
 * <p>A reply to a tag that nothing waits for, or of a type that does not answer the request, is dropped and counted.
 * Bytes that are not a message end the exchange: every call in flight fails, and so does every one to come.
 *
 * <p>Any thread may call any method, but the reply reader itself only those that do not wait.
 */
final class Exchange {
    private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);
    private static final int EIO = 5;

    /** How long a Tflush, and its answer, are waited for at most, before a call is left to what may still come. */
    private static final long FLUSH_GRACE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Channel channel;
    private final long timeoutNanos;
    private final OperationRecorder recorder;
    private final TagTable tags;
    private final Thread reader;

    /** Makes this thread the channel's sender. Nothing else is locked under it. */
    private final ReentrantLock sending = new ReentrantLock();

    /** Threads that are about to send: while there is another, the doorbell is left to it. */
    private final AtomicInteger senders = new AtomicInteger();

    /** Those of the senders that wait for a tag, and so for replies: while there are any, nothing is left to them. */
    private final AtomicInteger waiters = new AtomicInteger();

    /** The most bytes of a request, once that is settled. */
    private volatile int msize = Integer.MAX_VALUE;

    /** The Tversion under way: it has the tag that no other message has. */
    private final AtomicReference<@Nullable Call<?>> versionCall = new AtomicReference<>();

    /** Why there are no more answers; null while there are. */
    private final AtomicReference<@Nullable SessionEndedException> ended = new AtomicReference<>();

    /** Whether the session is established and not being closed here, so that its end is unexpected. */
    private volatile boolean established;

    private final LongAdder strays = new LongAdder();

    /** Whether an error came as an {@link Rerror}. */
    private volatile boolean sendsRerror;

    Exchange(final Channel channel, final Duration timeout, final OperationRecorder recorder) {
        this.channel = channel;
        this.timeoutNanos = timeout.toNanos();
        this.recorder = recorder;
        this.tags = new TagTable(channel.maxRequests(), channel.takesFlush(), channel.maxDataRequests());
        this.reader = new Thread(this::readReplies, "ninepin-reply-reader");
        reader.setDaemon(true);
        reader.start();
    }

    /** Sets the most bytes that a request may have from now on: a server hangs up on larger ones. */
    void limit(final int bytes) {
        msize = bytes;
    }

    /** Tells whether an end of the exchange is unexpected from now on, and so to be reported. */
    void setEstablished(final boolean established) {
        this.established = established;
    }

    /** The end that nobody here asked for; empty while the session lasts, and after it was closed. */
    Optional<SessionEnd> unexpectedEnd() {
        return Optional.ofNullable(ended.get()).flatMap(SessionEndedException::unexpectedEnd);
    }

    long timeoutNanos() {
        return timeoutNanos;
    }

    long flushGraceNanos() {
        return Math.min(FLUSH_GRACE_NANOS, timeoutNanos);
    }

    /** Sends a request. May wait for a tag; a failure to send is the answer of the call. */
    <R> Call<R> call(final Tmessage request, final Call.ReplyHandler<R> handler) {
        return call(request, handler, request instanceof Tflush ? flushGraceNanos() : timeoutNanos);
    }

    /** As {@link #call}, but waits for a tag up to {@code patienceNanos} only. */
    <R> Call<R> call(final Tmessage request, final Call.ReplyHandler<R> handler, final long patienceNanos) {
        final TagTable.Kind kind = kindOf(request);
        senders.incrementAndGet();
        final int tag;
        try {
            tag = takeTag(kind, request, patienceNanos);
        } catch (final IOException e) {
            leaveSenders();
            return notSent(request, handler, e);
        }
        final Call<R> call = new Call<>(this, tag, kind, request, handler);
        tags.put(call);
        send(call);
        return call;
    }

    /** Sends a Tversion, under the tag that no other message has. Nothing else may be in flight. */
    <R> Call<R> callVersion(final Tmessage request, final Call.ReplyHandler<R> handler) {
        final Call<R> call = new Call<>(this, Frame.NOTAG, TagTable.Kind.ORDINARY, request, handler);
        versionCall.set(call);
        senders.incrementAndGet();
        send(call);
        return call;
    }

    /** Starts a batch: until it is closed, requests of any thread are sent without telling the server each time. */
    Batch batch() {
        senders.incrementAndGet();
        return this::leaveSenders;
    }

    /** Whether a request can be given up for the server, too. If not, its tag is taken until its reply comes. */
    boolean canFlush() {
        return channel.takesFlush();
    }

    /** Gives a request up, for {@code reason}. Does nothing if it has ended, or was given up before. */
    void flush(final Call<?> call, final IOException reason) {
        if (call.tag() == Frame.NOTAG || !call.beginFlush(reason)) {
            return;
        }
        LOG.debug("flushing {} (tag {}): {}", call.notation(), call.tag(), reason.getMessage());
        final CompletableFuture<?> unused = call(new Tflush(call.tag()), (reply, memory) -> reply)
                .future()
                .whenComplete((reply, failure) -> {
                    if (call.endFlush(failure == null)) {
                        tags.free(call);
                    }
                });
    }

    /** The memory of a reply is the channel's again, and so may the request's tag be ours. */
    void memoryReturned(final Call<?> call) {
        if (call.memoryReturned()) {
            tags.free(call);
        }
    }

    /** Requests that the server has not answered. */
    List<Call<?>> inFlight() {
        return tags.inFlight().stream().filter(Call::isUnanswered).toList();
    }

    /** Waits for the answers to all that is in flight now, in success or not, up to {@code patienceNanos}. */
    void awaitAnswers(final long patienceNanos) {
        final CompletableFuture<?>[] answers =
                inFlight().stream().map(Call::future).toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(answers)
                .exceptionally(failure -> null)
                .completeOnTimeout(null, patienceNanos, TimeUnit.NANOSECONDS)
                .join();
    }

    /**
     * Waits up to {@code patienceNanos} until no tag is taken: not even by a request that its caller has given up, as
     * {@link #awaitAnswers} does not. Whether it came to that. No more requests may be sent meanwhile.
     */
    boolean awaitQuiet(final long patienceNanos) {
        return tags.awaitNoneTaken(patienceNanos);
    }

    int tagsUsed() {
        return tags.used();
    }

    int tagsMax() {
        return tags.size();
    }

    long strays() {
        return strays.sum();
    }

    /** Whether the server is of those that answer errors with an {@link Rerror}, as far as is known yet. */
    boolean sendsRerror() {
        return sendsRerror;
    }

    boolean hasEnded() {
        return ended.get() != null;
    }

    /** Ends the exchange: calls in flight fail, the channel is closed, the reply reader has gone. */
    void close() throws InterruptedException {
        end(new IOException("the session was closed"));
        reader.join();
    }

    // Sending

    private void send(final Call<?> call) {
        boolean left = false;
        sending.lock();
        try {
            throwIfEnded();
            checkSize(call.request());
            channel.send(call.tag(), call.request());
            left = true;
            if (senders.decrementAndGet() == 0 || waiters.get() > 0) {
                channel.flush();
            }
        } catch (final IOException e) {
            end(e);
        } catch (final RuntimeException e) {
            // The message does not fit: this call's affair alone.
            release(call, call.failed(new IOException(call.notation() + " cannot be sent", e)));
        } finally {
            sending.unlock();
            if (!left) {
                leaveSenders();
            }
        }
    }

    private void checkSize(final Tmessage request) {
        final int size = Frame.sizeOf(request);
        if (size > msize) {
            throw new IllegalArgumentException("a message of " + size + " bytes is larger than the msize of " + msize);
        }
    }

    /** The last of the senders that overlap tells the server of what all of them sent. */
    private void leaveSenders() {
        if (senders.decrementAndGet() == 0) {
            tellServer();
        }
    }

    private void tellServer() {
        sending.lock();
        try {
            if (!hasEnded()) {
                channel.flush();
            }
        } catch (final IOException e) {
            end(e);
        } finally {
            sending.unlock();
        }
    }

    private TagTable.Kind kindOf(final Tmessage request) {
        if (request instanceof Tflush) {
            return TagTable.Kind.TFLUSH;
        }
        return channel.carriesData(request) ? TagTable.Kind.DATA : TagTable.Kind.ORDINARY;
    }

    private int takeTag(final TagTable.Kind kind, final Tmessage request, final long patienceNanos) throws IOException {
        throwIfEnded();
        final int free = tags.tryTake(kind);
        if (free >= 0) {
            return free;
        }
        waiters.incrementAndGet();
        try {
            // What was sent so far must be answered before a tag comes free; what others send is no longer held back.
            tellServer();
            return awaitTag(kind, request, patienceNanos);
        } finally {
            waiters.decrementAndGet();
        }
    }

    private int awaitTag(final TagTable.Kind kind, final Tmessage request, final long patienceNanos)
            throws IOException {
        final long deadline = System.nanoTime() + patienceNanos;
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    final int tag = tags.take(kind, deadline - System.nanoTime());
                    if (tag < 0) {
                        throw new RequestTimeoutException("any request", patienceNanos);
                    }
                    return tag;
                } catch (final InterruptedException e) {
                    interrupted = true;
                    // Without these the server would go on with what was given up, or keep a fid.
                    if (!(request instanceof Tflush) && !(request instanceof Tclunk)) {
                        throw new InterruptedIOException("interrupted while waiting for a tag");
                    }
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private <R> Call<R> notSent(final Tmessage request, final Call.ReplyHandler<R> handler, final IOException reason) {
        final Call<R> call = new Call<>(this, Frame.NOTAG, TagTable.Kind.ORDINARY, request, handler);
        call.failed(reason);
        return call;
    }

    // Receiving

    private void readReplies() {
        try {
            while (true) {
                dispatch(channel.receive());
            }
        } catch (final IOException e) {
            end(e);
        } catch (final ProtocolException e) {
            end(new IOException(
                    channel.info().kind() + ":" + channel.info().device() + ": the server sent a malformed answer: "
                            + e.getMessage(),
                    e));
        } catch (final RuntimeException | Error e) {
            LOG.error("the reply reader failed", e);
            end(new IOException("the reply reader failed", e));
        }
    }

    private void dispatch(final Received received) throws ProtocolException {
        final int tag = received.tag();
        final Call<?> call = tag == Frame.NOTAG ? versionCall.get() : tags.get(tag);
        if (call == null) {
            drop(received, "nothing waits for tag " + tag);
        } else if (!received.message().hasRemaining()) {
            received.close();
            recorder.record(call.notation(), System.nanoTime() - call.sentNanos(), true);
            release(call, call.endedWithoutReply());
        } else {
            answer(call, received);
        }
    }

    private void answer(final Call<?> call, final Received received) throws ProtocolException {
        final Rmessage reply;
        try {
            reply = Frame.decode(received.message()).message() instanceof Rmessage known ? known : null;
        } catch (final ProtocolException e) {
            received.close();
            throw e;
        }
        final long nanos = System.nanoTime() - call.sentNanos();
        if (reply instanceof ErrorReply error) {
            received.close();
            if (reply instanceof Rerror) {
                sendsRerror = true;
            }
            recorder.record(call.notation(), nanos, true);
            final int errno = error.ecode() == 0 ? EIO : error.ecode();
            release(call, call.failed(new RemoteException(call.notation(), errno)));
        } else if (reply != null
                && reply.messageType().code() == call.request().messageType().code() + 1) {
            recorder.record(call.notation(), nanos, false);
            release(call, call.answered(reply, received));
        } else {
            drop(received, "it is no answer to " + call.notation());
        }
    }

    private void drop(final Received received, final String why) {
        strays.increment();
        LOG.debug("dropped a reply: {}", why);
        received.close();
    }

    /** The call is done; its tag goes back if it may. */
    private void release(final Call<?> call, final boolean tagIsFree) {
        if (call.tag() == Frame.NOTAG) {
            // Unless its caller, who knows already, has begun the next one.
            versionCall.compareAndSet(call, null);
        } else if (tagIsFree) {
            tags.free(call);
        }
    }

    // Ending

    private void throwIfEnded() throws SessionEndedException {
        final SessionEndedException why = ended.get();
        if (why != null) {
            throw why;
        }
    }

    private void end(final IOException cause) {
        final SessionEndedException why =
                cause instanceof SessionEndedException known ? known : new SessionEndedException(cause, established);
        final SessionEndedException earlier = ended.compareAndExchange(null, why);
        if (earlier == null) {
            report(why);
        }
        failAll(earlier == null ? why : earlier);
        if (earlier == null) {
            // Last, because a channel may take its time over it, and nobody is to wait for that.
            channel.close();
        }
    }

    private static void report(final SessionEndedException why) {
        why.unexpectedEnd()
                .ifPresentOrElse(
                        end -> LOG.warn("The session with the server has ended: {}", end.reason()),
                        () -> LOG.debug("{}", why.getMessage()));
    }

    private void failAll(final SessionEndedException why) {
        final Call<?> version = versionCall.get();
        if (version != null) {
            version.failed(why);
        }
        for (final Call<?> call : tags.inFlight()) {
            // First, so that whoever is told finds the tag given back.
            tags.free(call);
            call.failed(why);
        }
    }
}
