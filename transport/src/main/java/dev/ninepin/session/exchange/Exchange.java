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
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The request and reply traffic of one session over its channel. It gives each request a tag and sends it ({@link
 * RequestSender}), receives the replies ({@link ReplyReceiver}), and dispatches them by tag.
 *
 * <p>A reply is dropped and counted if no request waits for its tag, or if its type does not match the request. Bytes
 * that are not a valid message end the exchange: every call in flight fails, and so does every later call.
 *
 * <p>Any thread may call any method, except that a thread that dispatches a reply may only call methods that do not
 * block.
 */
public final class Exchange {
    private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);
    private static final int EIO = 5;
    private static final int ENOMEM = 12;
    private static final int ESTALE = 116;

    /**
     * The longest time to wait for a Tflush to be sent and answered. Afterwards the call fails, but its tag stays taken
     * until the server is finished with it. An interrupted call fails sooner if the server shows no sign of life.
     */
    private static final long FLUSH_GRACE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final long PROBE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** The least {@link #silenceNanos}. A server may pause for a moment. */
    private static final long LEAST_SILENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** The interval at which {@link #showsSignOfLife} checks for a reply. */
    private static final long LIFE_CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final Channel channel;
    private final int connection;
    private final Consumer<SessionEnd> listener;
    private final long timeoutNanos;
    private final long silenceNanos;
    private final OperationRecorder recorder;
    private final TagTable tags;
    private final ReplyReceiver receiver;
    private final RequestSender sender;

    /** The largest request, in bytes; unlimited until the msize is negotiated. */
    private volatile int msize = Integer.MAX_VALUE;

    /** The Tversion in flight, which uses {@link Frame#NOTAG}; null if there is none. */
    private final AtomicReference<@Nullable Call<?>> versionCall = new AtomicReference<>();

    /** Why the exchange ended; null while it lasts. */
    private final AtomicReference<@Nullable SessionEndedException> ended = new AtomicReference<>();

    /** Reaches 0 once the channel is closed. */
    private final CountDownLatch closed = new CountDownLatch(1);

    /** True while the session is established and not being closed, so that an end would be unexpected. */
    private volatile boolean established;

    private final SignsOfLife life;

    /** Whether requests fail at once, because the server has sent nothing for the timeout of a request. */
    private volatile boolean silent;

    /** When {@link #silent} became true, as a {@link System#nanoTime}. */
    private volatile long silentAt;

    /** When the silence of a silent server began, as a {@link System#nanoTime}. */
    private volatile long silentSince;

    private final LongAdder strays = new LongAdder();

    /** True once the server has sent an error as an {@link Rerror}. */
    private volatile boolean sendsRerror;

    /**
     * @param connection the number of this connection in its session
     * @param listener called once if the exchange ends unexpectedly, before any call fails for this reason; must not
     *     block
     */
    public Exchange(
            final Channel channel,
            final int connection,
            final Duration timeout,
            final Duration silence,
            final OperationRecorder recorder,
            final Consumer<SessionEnd> listener) {
        this.channel = channel;
        this.connection = connection;
        this.listener = listener;
        this.timeoutNanos = timeout.toNanos();
        this.silenceNanos = Math.max(silence.toNanos(), LEAST_SILENCE_NANOS);
        this.recorder = recorder;
        this.tags = new TagTable(channel.maxRequests(), channel.takesFlush(), channel.maxDataRequests());
        this.receiver = new ReplyReceiver(channel, this);
        this.life = new SignsOfLife(channel.takesFlush(), this::askForSignOfLife);
        this.sender = new RequestSender(channel, tags, receiver, life, new SenderOwner());
        channel.limitSending(timeoutNanos);
        receiver.start();
    }

    /** Sets the largest request size, in bytes. Servers hang up on larger requests. */
    public void limit(final int bytes) {
        msize = bytes;
    }

    /** Takes over the counters of the session's previous connection, and what was learned about the server. */
    public void continueFrom(final Exchange earlier) {
        strays.add(earlier.strays());
        sendsRerror |= earlier.sendsRerror;
    }

    /** Returns the number of this connection in its session. */
    public int connection() {
        return connection;
    }

    /**
     * Sets whether an end of the exchange is unexpected from now on, so that the listener is called. The caller must
     * read {@link #end} afterwards.
     */
    public void setEstablished(final boolean established) {
        this.established = established;
    }

    /** Returns when and why the exchange ended; empty while it lasts. */
    public Optional<SessionEnd> end() {
        return Optional.ofNullable(ended.get()).map(SessionEndedException::end);
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
        return call(request, handler, patienceNanos, kindOf(request));
    }

    private <R> Call<R> call(
            final Tmessage request,
            final Call.ReplyHandler<R> handler,
            final long patienceNanos,
            final TagTable.Kind kind) {
        final long begun = System.nanoTime();
        // After the end of the connection, a request waits for the next one instead.
        if (silent && !hasEnded() && !(request instanceof Tflush) && !(request instanceof Tclunk)) {
            final String notation = request.messageType().notation();
            return notSent(
                    request,
                    handler,
                    Thread.currentThread().isInterrupted()
                            ? new InterruptedIOException(notation + " was interrupted")
                            : RequestTimeoutException.silent(notation, System.nanoTime() - life.heard()));
        }
        sender.begin();
        final int tag;
        try {
            throwIfEnded();
            // A silent server frees no tag.
            tag = sender.takeTag(kind, request, silent ? 0 : patienceNanos);
        } catch (final RequestTimeoutException | InterruptedIOException e) {
            leaveSenders();
            return notSent(request, handler, e);
        } catch (final IOException e) {
            final SessionEndedException why = end(e);
            leaveSenders();
            return notSent(request, handler, why.of(request, false));
        }
        final Call<R> call = new Call<>(this, begun, tag, kind, request, handler);
        tags.put(call);
        send(call, begun + patienceNanos);
        return call;
    }

    /** Returns a failed call for a request over a lost fid. Sends nothing. */
    public <R> Call<R> refuse(final Tmessage request, final Call.ReplyHandler<R> handler) {
        return notSent(request, handler, SessionEndedException.ofLostFid(connection - 1));
    }

    /** Sends a Tversion with the tag NOTAG. No other request may be in flight. */
    public <R> Call<R> callVersion(final Tmessage request, final Call.ReplyHandler<R> handler) {
        final Call<R> call = new Call<>(this, System.nanoTime(), Frame.NOTAG, TagTable.Kind.ORDINARY, request, handler);
        versionCall.set(call);
        sender.begin();
        send(call, call.begunNanos());
        return call;
    }

    /**
     * Starts a batch. Until it is closed, requests of any thread are sent without notifying the server each time,
     * unless a thread waits for a tag.
     */
    public Batch batch() {
        sender.begin();
        return this::leaveSenders;
    }

    /**
     * Returns whether the server can be told to give up a request. If not, its tag is taken until its reply arrives.
     */
    public boolean canFlush() {
        return channel.takesFlush();
    }

    SignsOfLife life() {
        return life;
    }

    /** Returns whether the server has not answered a question for a sign of life in time ({@link SignsOfLife}). */
    public boolean isMute() {
        return life.isMute();
    }

    /**
     * Asks the server for a sign of life, and returns whether it answers. Blocks for at most {@code patienceNanos}.
     * Returns true if the channel does not take the question. An interrupt ends the wait; the thread's interrupt flag
     * stays set.
     */
    public boolean showsSignOfLife(final long patienceNanos) {
        final long begin = System.nanoTime();
        life.ask();
        while (canFlush()
                && life.isSilentSince(begin)
                && !Thread.currentThread().isInterrupted()) {
            if (hasEnded() || System.nanoTime() - begin >= patienceNanos) {
                return false;
            }
            LockSupport.parkNanos(this, LIFE_CHECK_NANOS);
        }
        return !canFlush() || !life.isSilentSince(begin);
    }

    /**
     * Fails the requests in flight if the server is silent. If no thread awaits these requests, the thread that waits
     * for their effects calls this method about once a second.
     */
    public void lookForSilence() {
        final Call<?> oldest = tags.inFlight().stream()
                .filter(call -> !call.isDone() && !(call.request() instanceof Tflush))
                .min(Comparator.comparingLong(Call::begunNanos))
                .orElse(null);
        if (oldest != null) {
            oldest.lookForSilence();
        }
    }

    private void askForSignOfLife() {
        final Tmessage question = new Tflush(Frame.NOTAG);
        final Call<Rmessage> call = call(question, (reply, memory) -> reply, 0);
        if (call.tag() == Frame.NOTAG) {
            // All tags for Tflush are taken.
            final Call<Rmessage> unused = call(question, (reply, memory) -> reply, 0, TagTable.Kind.ORDINARY);
        }
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

    /**
     * Sends a request that the server answers at once, if the server has sent nothing since {@code begun}, a {@link
     * System#nanoTime}, and accepts Tflush. Returns whether the request was sent.
     */
    boolean probe(final long begun) {
        if (!life.isSilentSince(begun) || silent || hasEnded() || !canFlush()) {
            return false;
        }
        life.ask();
        return true;
    }

    /** Returns how long the server may send nothing before all requests fail, even before their deadlines. */
    long silenceNanos() {
        return silenceNanos;
    }

    /** Returns how long to wait for the answer to {@link #probe}, in nanoseconds. */
    long probeNanos() {
        return Math.min(PROBE_NANOS, timeoutNanos);
    }

    /**
     * Records that a request was not answered in time, nor the {@link #probe} after it. If the server has sent nothing
     * since {@code begun}, all calls in flight fail. Later calls fail at once until the server sends something.
     *
     * @param begun when the request began, as a {@link System#nanoTime}
     */
    void noteUnanswered(final long begun) {
        if (life.isSilentSince(begun) && !silent) {
            silentAt = System.nanoTime();
            silentSince = begun;
            silent = true;
            if (!life.isSilentSince(begun)) {
                // A reply has arrived meanwhile. Its receiver may have seen the earlier state.
                silent = false;
                return;
            }
            LOG.warn(
                    "The server has sent nothing for {} s: requests fail until it answers", secondsSince(life.heard()));
            tags.inFlight().forEach(call -> call.failUnanswered(System.nanoTime() - call.begunNanos()));
        }
    }

    /** Returns whether requests fail at once, because the server has sent nothing for the timeout of a request. */
    public boolean isSilent() {
        return silent;
    }

    /**
     * Returns for how long the server has sent nothing although requests wait, in nanoseconds; 0 if no request waits. A
     * request that was given up does not wait.
     */
    public long silentNanos() {
        final long now = System.nanoTime();
        if (silent) {
            return now - silentSince;
        }
        final long sinceHeard = now - life.heard();
        return tags.inFlight().stream()
                .filter(call -> !call.isDone() && !(call.request() instanceof Tflush))
                .mapToLong(call -> Math.min(now - call.begunNanos(), sinceHeard))
                .max()
                .orElse(0);
    }

    /** Returns whether the timeout of a request has passed since the silence was noticed. */
    public boolean isSilentForLong() {
        return silent && !hasEnded() && System.nanoTime() - silentAt > timeoutNanos;
    }

    /** Ends the exchange because the server is silent. Does not wait until the channel is closed. */
    public void endSilentConnection() {
        end(new IOException("the server has sent nothing for " + secondsSince(life.heard()) + " s"));
    }

    private static long secondsSince(final long nanos) {
        return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - nanos);
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

    /**
     * Blocks until every request that is in flight now has succeeded or failed, or until the server is mute ({@link
     * SignsOfLife}), but for at most {@code patienceNanos}.
     */
    public void awaitAnswers(final long patienceNanos) {
        final CompletableFuture<?>[] answers =
                inFlight().stream().map(Call::future).toArray(CompletableFuture[]::new);
        final CompletableFuture<?> all = CompletableFuture.allOf(answers).exceptionally(failure -> null);
        final long begin = System.nanoTime();
        final long deadline = begin + patienceNanos;
        try (Bystander bystander = receiver.summon()) {
            boolean waits = true;
            while (waits) {
                final long nanos = life.nextLook(begin, deadline) - System.nanoTime();
                waits = !all.copy()
                                .thenApply(answered -> true)
                                .completeOnTimeout(false, nanos, TimeUnit.NANOSECONDS)
                                .join()
                        && deadline - System.nanoTime() > 0
                        && !(life.isSilentSince(begin) && life.isMute());
            }
        }
    }

    /**
     * Blocks until no tag is taken, at most for {@code patienceNanos}. Unlike {@link #awaitAnswers}, this also waits
     * for requests that their callers gave up. Returns whether all tags are free. No other request may be sent
     * meanwhile.
     */
    public boolean awaitQuiet(final long patienceNanos) {
        try (Bystander bystander = receiver.summon()) {
            return tags.awaitNoneTaken(patienceNanos);
        }
    }

    /**
     * Makes some thread receive all replies at once until the result is closed. For a thread that waits for the effect of
     * replies, such as a free permit, and not in {@link Call#await}, {@link Call#awaitEnd} or a method of this class.
     */
    public Bystander receiveForBystander() {
        return receiver.summon();
    }

    public int tagsUsed() {
        return tags.used();
    }

    public int tagsMax() {
        return tags.size();
    }

    /** Returns how many replies were dropped, in the whole session so far. */
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
     * Ends the exchange: fails the calls in flight, closes the channel, and blocks until it is closed and the reply reader
     * has terminated.
     */
    public void close() throws InterruptedException {
        end(new IOException("the session was closed"), Runnable::run);
        receiver.join();
        closed.await();
    }

    // Sending

    private void send(final Call<?> call, final long deadline) {
        boolean sending = false;
        try {
            throwIfEnded();
            checkSize(call.request());
            sending = true;
            sender.send(call, deadline);
        } catch (final RequestTimeoutException | InterruptedIOException e) {
            // It was not sent.
            release(call, call.failed(e));
        } catch (final IOException e) {
            end(e);
        } catch (final RuntimeException e) {
            // The message cannot be encoded. Only this call fails.
            release(call, call.failed(new IOException("cannot send " + call.notation(), e)));
        } finally {
            if (!sending) {
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

    private void leaveSenders() {
        try {
            sender.leave();
        } catch (final IOException e) {
            end(e);
        }
    }

    private TagTable.Kind kindOf(final Tmessage request) {
        if (request instanceof Tflush) {
            return TagTable.Kind.TFLUSH;
        }
        return channel.carriesData(request) ? TagTable.Kind.DATA : TagTable.Kind.ORDINARY;
    }

    private <R> Call<R> notSent(final Tmessage request, final Call.ReplyHandler<R> handler, final IOException reason) {
        final Call<R> call = new Call<>(this, System.nanoTime(), Frame.NOTAG, TagTable.Kind.ORDINARY, request, handler);
        call.failed(reason);
        return call;
    }

    // Receiving

    /** Waits for the result of a call, as {@link ReplyReceiver#await} does. */
    boolean await(final Call<?> call, final long deadline) {
        try {
            sender.beforeWait();
        } catch (final IOException e) {
            end(e);
        }
        return receiver.await(call, deadline);
    }

    /**
     * Passes a reply to the thread that waits for it, or completes the call if no thread does. Returns whether a thread
     * waits. Only the receiver calls this method.
     */
    boolean dispatch(final Received received) throws ProtocolException {
        life.noteReply();
        if (silent) {
            silent = false;
            LOG.info("The server answers again");
        }
        final int tag = received.tag();
        final Call<?> call = tag == Frame.NOTAG ? versionCall.get() : tags.get(tag);
        if (call == null) {
            drop(received, "nothing waits for tag " + tag);
        } else if (call.hasReply() || !call.isUnanswered()) {
            drop(received, "tag " + tag + " was answered before");
        } else if (call.mayBeAnsweredBy(received.message()) && call.hand(received)) {
            return true;
        } else {
            process(call, received);
        }
        return false;
    }

    /** Returns a thread that waits for a reply, other than {@code except}; null if there is none. */
    @Nullable
    Thread anyWaiter(final Thread except) {
        final Call<?> version = versionCall.get();
        final Thread waiter = version == null ? null : version.waiter();
        return waiter != null && waiter != except ? waiter : tags.anyWaiter(except);
    }

    /** Ends a thread's wait for a call. Processes the reply if it was handed to the thread, and returns whether it was. */
    boolean stopExpecting(final Call<?> call) {
        final Received received = call.stopExpecting();
        if (received == null) {
            return false;
        }
        try {
            process(call, received);
        } catch (final ProtocolException | RuntimeException | Error e) {
            endWith(e);
        }
        return true;
    }

    private void process(final Call<?> call, final Received received) throws ProtocolException {
        if (received.message().hasRemaining()) {
            answer(call, received);
        } else {
            received.close();
            recorder.record(call.notation(), System.nanoTime() - call.begunNanos(), true);
            release(call, call.endedWithoutReply());
        }
    }

    /**
     * Returns the errno of an error reply. nfs-ganesha answers ENOMEM if the file of a name goes while it opens a handle
     * on it ({@code src/FSAL/FSAL_VFS/handle.c}, alloc_handle); this means ESTALE, after which the kernel looks the name
     * up again.
     */
    private static int errnoOf(final ErrorReply error) {
        return switch (error.ecode()) {
            case 0 -> EIO;
            case ENOMEM -> error instanceof Rerror ? ESTALE : ENOMEM;
            default -> error.ecode();
        };
    }

    private void answer(final Call<?> call, final Received received) throws ProtocolException {
        final Rmessage reply;
        try {
            reply = Frame.decode(received.message()).message() instanceof Rmessage known ? known : null;
        } catch (final ProtocolException e) {
            received.close();
            throw e;
        }
        final long nanos = System.nanoTime() - call.begunNanos();
        if (reply instanceof ErrorReply error) {
            received.close();
            if (reply instanceof Rerror) {
                sendsRerror = true;
            }
            recorder.record(call.notation(), nanos, true);
            release(call, call.failed(new RemoteException(call.notation(), errnoOf(error))));
        } else if (reply != null && call.mayBeAnsweredBy(received.message())) {
            recorder.record(call.notation(), nanos, false);
            release(call, call.answered(reply, received));
        } else {
            drop(received, "it is no answer to " + call.notation());
        }
    }

    private void drop(final Received received, final String why) {
        // A sender may notice the end of a connection first. Its calls have failed then, but earlier replies are still
        // received.
        if (!hasEnded()) {
            strays.increment();
        }
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

    /** What a sender needs of this exchange. */
    private final class SenderOwner implements RequestSender.Owner {
        @Override
        public void throwIfEnded() throws SessionEndedException {
            Exchange.this.throwIfEnded();
        }

        @Override
        public void endAfterFailure(final IOException why) {
            end(why);
        }

        @Override
        public void lookForSilence() {
            Exchange.this.lookForSilence();
        }
    }

    private void throwIfEnded() throws SessionEndedException {
        final SessionEndedException why = ended.get();
        if (why != null) {
            throw why;
        }
    }

    /** Ends the exchange because of a failure to receive or to process a reply. */
    void endWith(final Throwable failure) {
        end(reasonOf(failure));
    }

    private IOException reasonOf(final Throwable failure) {
        if (failure instanceof IOException known) {
            return known;
        } else if (failure instanceof ProtocolException) {
            return new IOException(
                    channel.info().kind() + ":" + channel.info().device() + ": the server sent a malformed reply: "
                            + failure.getMessage(),
                    failure);
        }
        LOG.error("internal error while receiving", failure);
        return new IOException("internal error while receiving", failure);
    }

    /** Ends the exchange unless it has ended, and returns why it has. Does not wait until the channel is closed. */
    private SessionEndedException end(final IOException cause) {
        // A program may wait for this thread, and closing a channel may take long.
        return end(cause, Exchange::runApart);
    }

    /** Ends the exchange like {@link #end(IOException)}; {@code closer} runs the action that closes the channel. */
    private SessionEndedException end(final IOException cause, final Executor closer) {
        final SessionEndedException why =
                cause instanceof SessionEndedException known ? known : new SessionEndedException(cause, connection);
        final SessionEndedException earlier = ended.compareAndExchange(null, why);
        if (earlier != null) {
            failAll(earlier);
            return earlier;
        }
        try {
            report(why);
        } finally {
            // Also if the listener throws.
            failAll(why);
            // Last, because closing a channel may take long.
            closer.execute(this::closeChannel);
        }
        return why;
    }

    private static void runApart(final Runnable action) {
        final Thread thread = new Thread(action, "ninepin-close");
        thread.setDaemon(true);
        try {
            thread.start();
        } catch (final OutOfMemoryError e) {
            LOG.debug("no thread can be started to close a channel", e);
            action.run();
        }
    }

    private void closeChannel() {
        try {
            channel.close();
        } finally {
            receiver.end();
            closed.countDown();
        }
    }

    private void report(final SessionEndedException why) {
        // Read after the end was recorded. setEstablished is called before the end is read, so no end is missed.
        if (established) {
            listener.accept(why.end());
        } else {
            LOG.debug("{}", why.getMessage());
        }
    }

    private void failAll(final SessionEndedException why) {
        final Call<?> version = versionCall.get();
        if (version != null) {
            version.connectionEnded(why);
        }
        for (final Call<?> call : tags.inFlight()) {
            // Free the tag first, so that the woken caller finds it free.
            tags.free(call);
            call.connectionEnded(why);
        }
    }
}
