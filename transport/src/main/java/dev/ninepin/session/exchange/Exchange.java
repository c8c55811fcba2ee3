package dev.ninepin.session.exchange;

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
 * The request and reply traffic of one session over its channel. It gives each request a tag and sends it. A background
 * thread, the <b>reply reader</b>, dispatches the replies by tag.
 *
 * <p>A reply is dropped and counted if no request waits for its tag, or if its type does not match the request. Bytes
 * that are not a valid message end the exchange: every call in flight fails, and so does every later call.
 *
 * <p>Any thread may call any method, except that the reply reader may only call methods that do not block.
 */
public final class Exchange {
    private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);
    private static final int EIO = 5;

    /**
     * The longest time to wait for a Tflush to be sent and answered. Afterwards the call fails, but its tag stays taken
     * until the server is finished with it.
     */
    private static final long FLUSH_GRACE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Channel channel;
    private final long timeoutNanos;
    private final OperationRecorder recorder;
    private final TagTable tags;
    private final Thread reader;

    /** Serializes sending. Under it, only locks of the channel, of calls and of the tag table are taken. */
    private final ReentrantLock sending = new ReentrantLock();

    /**
     * The number of calls that are not sent yet, plus the number of open batches.
     *
     * <p>{@link Channel#send} only queues a request, and {@link Channel#flush} rings the doorbell, which is costly. So
     * only the last sender rings it, for all requests queued so far. A sender without a tag waits for replies, and
     * counts as a sender meanwhile. So it rings the doorbell first, and every other sender rings it during the wait.
     *
     * <pre>{@code
     * event                         senders   waiters   doorbell
     * a call begins                   +1
     * a batch begins                  +1
     *   no tag is free                          +1      at once
     *   the wait for a tag ends                 -1
     * the request is queued           -1                if senders == 0 or waiters > 0
     * the call fails before that      -1                if senders == 0
     * a batch is closed               -1                if senders == 0
     *
     * Two concurrent calls, A and B:                    A batch of two calls, A and B:
     *
     * call          senders  doorbell                   call              senders  doorbell
     * A begins      1                                   batch()           1
     * B begins      2                                   A begins          2
     * A is queued   1        no: B is to follow         A is queued       1        no: the batch is open
     * B is queued   0        yes, for A and B           B begins          2
     *                                                   B is queued       1        no: the batch is open
     *                                                   the batch closes  0        yes, for A and B
     * }</pre>
     */
    private final AtomicInteger senders = new AtomicInteger();

    /** The number of senders that wait for a tag; see {@link #senders}. */
    private final AtomicInteger waiters = new AtomicInteger();

    /** The largest request, in bytes; unlimited until the msize is negotiated. */
    private volatile int msize = Integer.MAX_VALUE;

    /** The Tversion in flight, which uses {@link Frame#NOTAG}; null if there is none. */
    private final AtomicReference<@Nullable Call<?>> versionCall = new AtomicReference<>();

    /** Why the exchange ended; null while it lasts. */
    private final AtomicReference<@Nullable SessionEndedException> ended = new AtomicReference<>();

    /** True while the session is established and not being closed, so that an end would be unexpected. */
    private volatile boolean established;

    private final LongAdder strays = new LongAdder();

    /** True once the server has sent an error as an {@link Rerror}. */
    private volatile boolean sendsRerror;

    public Exchange(final Channel channel, final Duration timeout, final OperationRecorder recorder) {
        this.channel = channel;
        this.timeoutNanos = timeout.toNanos();
        this.recorder = recorder;
        this.tags = new TagTable(channel.maxRequests(), channel.takesFlush(), channel.maxDataRequests());
        this.reader = new Thread(this::readReplies, "ninepin-reply-reader");
        reader.setDaemon(true);
        reader.start();
    }

    /** Sets the largest request size, in bytes. Servers hang up on larger requests. */
    public void limit(final int bytes) {
        msize = bytes;
    }

    /** Sets whether an end of the exchange is unexpected from now on, and is therefore logged. */
    public void setEstablished(final boolean established) {
        this.established = established;
    }

    /** Returns the unexpected end of the session; empty while the session lasts and after it was closed. */
    public Optional<SessionEnd> unexpectedEnd() {
        return Optional.ofNullable(ended.get()).flatMap(SessionEndedException::unexpectedEnd);
    }

    /** Returns how long a request may go unanswered, in nanoseconds. */
    public long timeoutNanos() {
        return timeoutNanos;
    }

    /** Returns how long to wait for the answer to a Tflush, in nanoseconds. */
    long flushGraceNanos() {
        return Math.min(FLUSH_GRACE_NANOS, timeoutNanos);
    }

    /** Sends a request. May block until a tag is free. A failure to send becomes the result of the call. */
    public <R> Call<R> call(final Tmessage request, final Call.ReplyHandler<R> handler) {
        return call(request, handler, request instanceof Tflush ? flushGraceNanos() : timeoutNanos);
    }

    /** Sends a request like {@link #call}, but waits at most {@code patienceNanos} for a tag. */
    public <R> Call<R> call(final Tmessage request, final Call.ReplyHandler<R> handler, final long patienceNanos) {
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

    /** Sends a Tversion with the tag NOTAG. No other request may be in flight. */
    public <R> Call<R> callVersion(final Tmessage request, final Call.ReplyHandler<R> handler) {
        final Call<R> call = new Call<>(this, Frame.NOTAG, TagTable.Kind.ORDINARY, request, handler);
        versionCall.set(call);
        senders.incrementAndGet();
        send(call);
        return call;
    }

    /**
     * Starts a batch. Until it is closed, requests of any thread are sent without notifying the server each time,
     * unless a thread waits for a tag.
     */
    public Batch batch() {
        senders.incrementAndGet();
        return this::leaveSenders;
    }

    /**
     * Returns whether the server can be told to give up a request. If not, its tag is taken until its reply arrives.
     */
    public boolean canFlush() {
        return channel.takesFlush();
    }

    /** Gives up a request because of {@code reason}. Does nothing if the request has ended or was given up before. */
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

    /** Notes that the channel has a reply's memory back, and frees the request's tag if nothing else holds it. */
    void memoryReturned(final Call<?> call) {
        if (call.memoryReturned()) {
            tags.free(call);
        }
    }

    /** Returns the requests that the server has not answered yet. */
    public List<Call<?>> inFlight() {
        return tags.inFlight().stream().filter(Call::isUnanswered).toList();
    }

    /** Blocks until every request that is in flight now has succeeded or failed, at most for {@code patienceNanos}. */
    public void awaitAnswers(final long patienceNanos) {
        final CompletableFuture<?>[] answers =
                inFlight().stream().map(Call::future).toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(answers)
                .exceptionally(failure -> null)
                .completeOnTimeout(null, patienceNanos, TimeUnit.NANOSECONDS)
                .join();
    }

    /**
     * Blocks until no tag is taken, at most for {@code patienceNanos}. Unlike {@link #awaitAnswers}, this also waits
     * for requests that their callers gave up. Returns whether all tags are free. No other request may be sent
     * meanwhile.
     */
    public boolean awaitQuiet(final long patienceNanos) {
        return tags.awaitNoneTaken(patienceNanos);
    }

    public int tagsUsed() {
        return tags.used();
    }

    public int tagsMax() {
        return tags.size();
    }

    /** Returns how many replies were dropped. */
    public long strays() {
        return strays.sum();
    }

    /** Returns whether the server has answered any request with an {@link Rerror} so far. */
    public boolean sendsRerror() {
        return sendsRerror;
    }

    /** Returns whether the exchange has ended, for whatever reason. */
    public boolean hasEnded() {
        return ended.get() != null;
    }

    /**
     * Ends the exchange: fails the calls in flight, closes the channel, and blocks until the reply reader has
     * terminated.
     */
    public void close() throws InterruptedException {
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
            // The message cannot be encoded. Only this call fails.
            release(call, call.failed(new IOException("cannot send " + call.notation(), e)));
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
            throw new IllegalArgumentException("a message of " + size + " bytes exceeds the msize of " + msize);
        }
    }

    /** Decrements {@link #senders}. The last sender notifies the server of all requests queued so far. */
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
            // A tag only becomes free when the requests sent so far are answered. So notify the server of them now.
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
                        throw RequestTimeoutException.unsent(
                                request.messageType().notation(), patienceNanos);
                    }
                    return tag;
                } catch (final InterruptedException e) {
                    interrupted = true;
                    // A Tflush and a Tclunk must still be sent: else the server would finish what was given up, or keep
                    // a fid.
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
                    channel.info().kind() + ":" + channel.info().device() + ": the server sent a malformed reply: "
                            + e.getMessage(),
                    e));
        } catch (final RuntimeException | Error e) {
            LOG.error("internal error in the reply reader", e);
            end(new IOException("internal error in the reply reader", e));
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

    /** Removes a completed call, and frees its tag if {@code tagIsFree}. */
    private void release(final Call<?> call, final boolean tagIsFree) {
        if (call.tag() == Frame.NOTAG) {
            // The caller of a completed Tversion may already have stored the next one, which must stay.
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
            // Last, because closing a channel may take long, and no caller should have to wait for it.
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
            // Free the tag first, so that the woken caller finds it free.
            tags.free(call);
            call.failed(why);
        }
    }
}
