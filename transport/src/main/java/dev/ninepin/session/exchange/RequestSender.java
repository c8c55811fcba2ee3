package dev.ninepin.session.exchange;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.channel.Channel;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Tflush;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Tversion;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The sending side of an exchange: gives each request a tag, sends it, and rings the doorbell as seldom as possible.
 *
 * <p>Any thread may call any method, except for threads that must not block.
 */
final class RequestSender {
    /**
     * The interval at which a waiting thread checks whether the server is silent. No other thread may be there to check
     * this.
     */
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** How long a thread waits for the server to read before it leaves the wait to {@code ninepin-send}. */
    private static final long FLUSH_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Channel channel;
    private final TagTable tags;
    private final ReplyReceiver receiver;

    /**
     * Serializes sending. Held for a moment only, even if the server does not read. Under it, only locks of the channel, of
     * calls and of the tag table are taken.
     */
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
     * a thread waits for a reply                        if senders > 0
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

    /** Signals the waiting threads that the server reads again. */
    private final Condition unstuck = sending.newCondition();

    /**
     * Whether {@code ninepin-send} waits for the server to read. Meanwhile, nothing else is sent, so no program and no
     * Tflush blocks in a write to the server.
     */
    @GuardedBy("sending")
    private boolean stuck;

    /** The requests that the next holder of {@link #sending} sends. Their threads must not wait for the lock. */
    private final Queue<Call<?>> left = new ConcurrentLinkedQueue<>();

    /** Whether the next holder of {@link #sending} notifies the server. */
    private final AtomicBoolean flushLeft = new AtomicBoolean();

    private final SignsOfLife life;
    private final Owner owner;

    /** The exchange that a sender belongs to. */
    interface Owner {
        /** Fails if the exchange has ended. */
        void throwIfEnded() throws IOException;

        /** Ends the exchange because the channel broke, if no caller can get the exception. */
        void endAfterFailure(IOException why);

        /** Fails the requests in flight if the server is silent. Must not be called with {@link #sending} held. */
        void lookForSilence();
    }

    RequestSender(
            final Channel channel,
            final TagTable tags,
            final ReplyReceiver receiver,
            final SignsOfLife life,
            final Owner owner) {
        this.channel = channel;
        this.tags = tags;
        this.receiver = receiver;
        this.life = life;
        this.owner = owner;
    }

    /** Begins a call or a batch. Either {@link #send} or {@link #leave} must follow. */
    void begin() {
        senders.incrementAndGet();
    }

    /** Ends a batch, or a call that sends nothing. The last sender notifies the server of all requests queued so far. */
    void leave() throws IOException {
        if (senders.decrementAndGet() == 0) {
            tellServer();
        }
    }

    /**
     * Queues a request, and notifies the server unless another sender is about to. If the server does not read, blocks
     * until {@code deadline}, a {@link System#nanoTime}. Does not block for requests for which {@link #isLeft} returns
     * true.
     *
     * @throws RequestTimeoutException if the server has not read the earlier requests in time; nothing was sent
     * @throws InterruptedIOException if the thread was interrupted meanwhile; nothing was sent
     * @throws IOException if the channel is broken
     * @throws RuntimeException if the message cannot be encoded; nothing of it was sent
     */
    void send(final Call<?> call, final long deadline) throws IOException {
        try {
            if (isLeft(call.request())) {
                left.add(call);
            } else {
                // A little longer than the deadline, because the end of the connection is the better reason for the
                // failure.
                sendAsHolder(call, deadline + 2 * FLUSH_NANOS);
            }
        } finally {
            // Another thread may have left its request to this one.
            doLeft();
        }
    }

    /**
     * Returns whether a request must be sent even if its thread cannot wait, because it ends an earlier request or fid.
     * Its message contains none of the caller's data.
     */
    private static boolean isLeft(final Tmessage request) {
        return request instanceof Tflush || request instanceof Tclunk || request instanceof Tversion;
    }

    private void sendAsHolder(final Call<?> call, final long deadline) throws IOException {
        sending.lock();
        try {
            try {
                sendLeft();
                awaitRoom(call, deadline);
                call.markSent();
                // In this order. If the exchange ends meanwhile, it sees the mark, or this thread sees the end.
                owner.throwIfEnded();
                channel.send(call.tag(), call.request());
            } finally {
                // Even if this request could not be sent, the requests before it must not stay in the queue.
                if (leaveAsHolder()) {
                    flush();
                }
            }
        } finally {
            sending.unlock();
        }
    }

    /** Blocks until the channel has room for a request. Releases the lock meanwhile. */
    @GuardedBy("sending")
    private void awaitRoom(final Call<?> call, final long deadline) throws IOException {
        try {
            while (stuck || !channel.hasRoom(call.request())) {
                if (stuck) {
                    throwIfOver(call, deadline);
                    final long unused = unstuck.awaitNanos(step(deadline));
                    if (stuck) {
                        lookForSilence();
                    } else {
                        // Requests that must not wait come first.
                        sendLeft();
                    }
                } else {
                    flush();
                }
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted before " + call.notation() + " was sent");
        }
    }

    /**
     * Fails the requests in flight if the server is silent. Releases the lock meanwhile, because failing calls run
     * actions.
     */
    @GuardedBy("sending")
    private void lookForSilence() {
        sending.unlock();
        try {
            owner.lookForSilence();
        } finally {
            sending.lock();
        }
    }

    /** Returns how long this thread may wait before it checks the conditions that end its wait. */
    private static long step(final long deadline) {
        return Math.min(deadline - System.nanoTime(), WaitCondition.isSet() ? WaitCondition.CHECK_NANOS : LOOK_NANOS);
    }

    private void throwIfOver(final Call<?> call, final long deadline) throws IOException {
        if (call.isDone() || deadline - System.nanoTime() <= 0) {
            throw RequestTimeoutException.unread(call.notation(), System.nanoTime() - call.begunNanos());
        } else if (isHopeless(false, call.begunNanos(), deadline)) {
            throw new InterruptedIOException(call.notation() + " was given up, because the server reads nothing");
        }
    }

    /** Ends a call as a sender. Returns whether the server must be notified. */
    private boolean leaveAsHolder() {
        return senders.decrementAndGet() == 0 || waiters.get() > 0;
    }

    /**
     * Sends the requests in {@link #left}, and notifies the server if {@link #flushLeft} is set. If another thread
     * holds the lock, that thread does this instead.
     */
    private void doLeft() throws IOException {
        while (isAnyLeft() && sending.tryLock()) {
            try {
                if (stuck) {
                    // {@code ninepin-send} does this.
                    return;
                }
                sendLeft();
            } finally {
                sending.unlock();
            }
        }
    }

    private boolean isAnyLeft() {
        return flushLeft.get() || !left.isEmpty();
    }

    @GuardedBy("sending")
    private void sendLeft() throws IOException {
        boolean isDue = false;
        for (Call<?> call = left.peek(); call != null && !stuck; call = left.peek()) {
            if (channel.hasRoom(call.request())) {
                left.remove();
                call.markSent();
                channel.send(call.tag(), call.request());
                isDue |= leaveAsHolder();
            } else {
                flush();
            }
        }
        if (!stuck && ((flushLeft.get() && flushLeft.getAndSet(false)) || isDue)) {
            flush();
        }
    }

    /**
     * Notifies the server. If the server does not read for a moment, starts the thread {@code ninepin-send}, which
     * waits for it.
     */
    @GuardedBy("sending")
    private void flush() throws IOException {
        if (stuck || channel.flush(FLUSH_NANOS)) {
            return;
        }
        final Thread thread = new Thread(this::awaitRead, "ninepin-send");
        thread.setDaemon(true);
        stuck = true;
        try {
            thread.start();
        } catch (final OutOfMemoryError e) {
            // The JVM throws this if the system allows no more threads.
            stuck = false;
            channel.flush();
        }
    }

    /**
     * Blocks until the server has read the requests sent so far, and then sends the requests in {@link #left}. Uses the
     * channel without the lock, because no other thread sends while {@link #stuck} is true.
     */
    private void awaitRead() {
        try {
            try {
                channel.flush();
            } finally {
                endStuck();
            }
            doLeft();
        } catch (final IOException e) {
            owner.endAfterFailure(e);
        }
    }

    private void endStuck() {
        sending.lock();
        try {
            stuck = false;
            unstuck.signalAll();
        } finally {
            sending.unlock();
        }
    }

    /**
     * Notifies the server before a thread waits for a reply, if other senders were to do so. The waiting thread may be
     * the one that has an open batch.
     */
    void beforeWait() throws IOException {
        if (senders.get() > 0) {
            tellServer();
        }
    }

    private void tellServer() throws IOException {
        flushLeft.set(true);
        doLeft();
    }

    /**
     * Takes a tag, and blocks until one is free, at most for {@code patienceNanos}.
     *
     * @throws RequestTimeoutException if no tag was free in time
     * @throws InterruptedIOException if the thread was interrupted and the request may be dropped
     * @throws IOException if the channel is broken
     */
    int takeTag(final TagTable.Kind kind, final Tmessage request, final long patienceNanos) throws IOException {
        final int free = tags.tryTake(kind);
        if (free >= 0) {
            return free;
        }
        waiters.incrementAndGet();
        try (Bystander bystander = receiver.summon()) {
            // A tag only becomes free when the requests sent so far are answered. So notify the server of them now.
            tellServer();
            return awaitTag(kind, request, patienceNanos);
        } finally {
            waiters.decrementAndGet();
        }
    }

    private int awaitTag(final TagTable.Kind kind, final Tmessage request, final long patienceNanos)
            throws IOException {
        final long begin = System.nanoTime();
        final long deadline = begin + patienceNanos;
        final boolean isUrgent = request instanceof Tflush || request instanceof Tclunk;
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    final long left = deadline - System.nanoTime();
                    final boolean looks = isUrgent || WaitCondition.isSet();
                    final int tag = tags.take(kind, Math.min(left, looks ? WaitCondition.CHECK_NANOS : LOOK_NANOS));
                    if (tag >= 0) {
                        return tag;
                    }
                    owner.lookForSilence();
                    if (deadline - System.nanoTime() <= 0
                            || isHopeless(interrupted || request instanceof Tflush, begin, deadline)) {
                        throw RequestTimeoutException.unsent(
                                request.messageType().notation(), patienceNanos);
                    }
                } catch (final InterruptedException e) {
                    interrupted = true;
                    // A Tflush and a Tclunk must still be sent. Otherwise, the server would finish a request that was
                    // given up, or keep a fid.
                    if (!isUrgent) {
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

    /** Returns whether a thread stops waiting, because its wait is urgent and the server is mute. */
    private boolean isHopeless(final boolean isUrgent, final long begin, final long deadline) {
        return (isUrgent || WaitCondition.isTrue()) && life.nextLook(begin, deadline) - System.nanoTime() <= 0;
    }
}
