package dev.ninepin.session.exchange;

import dev.ninepin.channel.Channel;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Tflush;
import dev.ninepin.p9.Tmessage;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The sending side of an exchange: gives each request a tag, sends it, and rings the doorbell as seldom as possible.
 *
 * <p>Any thread may call any method, except for threads that must not block.
 */
final class RequestSender {
    private final Channel channel;
    private final TagTable tags;
    private final ReplyReceiver receiver;

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

    RequestSender(final Channel channel, final TagTable tags, final ReplyReceiver receiver) {
        this.channel = channel;
        this.tags = tags;
        this.receiver = receiver;
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
     * Queues a request, and notifies the server unless another sender is about to.
     *
     * @throws IOException if the channel is broken
     * @throws RuntimeException if the message cannot be encoded; nothing of it was sent
     */
    void send(final int tag, final Tmessage request) throws IOException {
        sending.lock();
        try {
            try {
                channel.send(tag, request);
            } finally {
                // Even if this request could not be sent, the requests before it must not stay in the queue.
                if (senders.decrementAndGet() == 0 || waiters.get() > 0) {
                    channel.flush();
                }
            }
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
        sending.lock();
        try {
            channel.flush();
        } finally {
            sending.unlock();
        }
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
}
