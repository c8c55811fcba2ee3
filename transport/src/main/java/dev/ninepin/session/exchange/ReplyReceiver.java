package dev.ninepin.session.exchange;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.ProtocolException;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The receiving side of an exchange, and the choice of the thread that receives. At most one thread is the
 * <b>receiver</b> at a time.
 *
 * <p>A thread that waits for a reply becomes the receiver if there is none. It takes replies off the channel until its
 * own arrives, and hands the other replies to the threads that wait for them. So a single caller gets its reply without
 * another thread. A <b>follower</b> is a thread that waits while another one receives. A receiver that leaves wakes one
 * follower, which becomes the receiver.
 *
 * <p>The <b>reply reader</b>, a thread of the exchange, receives while no thread waits for a reply: it notices the end of
 * the session, and receives the replies to requests for which nobody waits. It gives way once it has received a reply
 * for which a thread waits. It then stands by, and receives again when no thread did so for {@link #STANDBY_NANOS}, or
 * at once for a <b>bystander</b>: a thread that waits for the effect of replies, such as a free tag.
 *
 * <p>If the channel lacks {@link Channel#hasTimedReceive}, the reply reader is the only receiver, and all waiting
 * threads are followers.
 *
 * <p>The order of memory accesses: the fields below are volatile, and each side stores its own before it reads the
 * other's. So at least one of the two sees the other.
 *
 * <pre>{@code
 * a receiver that leaves                    a follower, or a bystander
 * receiver = null                           followers++ (bystanders++)
 * if followers > 0: wake a follower         if receiver == null: become the receiver (wake the reply reader)
 * else if bystanders > 0: wake the          else: sleep
 *   reply reader
 * }</pre>
 *
 * <p>A thread to which no reply was handed, such as one that gives up, may have been woken in vain, even if it was the
 * receiver itself before. So it first ceases to be found by {@link Exchange#anyWaiter}, and then wakes the next thread if
 * there is no receiver. A thread to which a reply was handed need not: the receiver that handed it wakes the next thread
 * later, and no longer finds this one. The state of the channel passes from one receiver to the next through {@code
 * receiver}.
 */
final class ReplyReceiver {
    /**
     * How long the reply reader waits for other receivers before it receives. Replies for which nobody waits may stay
     * unread for this long. While threads receive, the reply reader wakes once in this time.
     */
    private static final long STANDBY_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private final Channel channel;
    private final Exchange exchange;
    private final boolean shared;
    private final Thread reader;
    private final AtomicReference<@Nullable Thread> receiver = new AtomicReference<>();
    private final AtomicInteger followers = new AtomicInteger();
    private final AtomicInteger bystanders = new AtomicInteger();

    /** How often a thread became the receiver. */
    private final AtomicInteger turns = new AtomicInteger();

    /** True while the reply reader sleeps until a receiver leaves. */
    private volatile boolean readerSleeps;

    ReplyReceiver(final Channel channel, final Exchange exchange) {
        this.channel = channel;
        this.exchange = exchange;
        this.shared = channel.hasTimedReceive();
        this.reader = new Thread(this::runReader, "ninepin-reply-reader");
        reader.setDaemon(true);
    }

    /** Starts the reply reader. */
    void start() {
        reader.start();
    }

    /** Blocks until the reply reader has terminated, which it does once the exchange has ended. */
    void join() throws InterruptedException {
        reader.join();
    }

    /** Notes that the exchange has ended. */
    void end() {
        LockSupport.unpark(reader);
    }

    /** Makes some thread receive until the result is closed, because the caller waits for the effect of replies. */
    Bystander summon() {
        bystanders.incrementAndGet();
        if (receiver.get() == null) {
            LockSupport.unpark(reader);
        }
        return bystanders::decrementAndGet;
    }

    /**
     * Waits for the result of {@code call}, and receives replies meanwhile if no other thread does.
     *
     * @param deadline a {@link System#nanoTime}
     * @return whether the call has its result; false if the deadline has passed or the thread is interrupted
     */
    boolean await(final Call<?> call, final long deadline) {
        if (!call.expect()) {
            return awaitBeside(call, deadline);
        }
        try {
            while (call.lacksReply()) {
                if (deadline - System.nanoTime() <= 0 || Thread.currentThread().isInterrupted()) {
                    break;
                }
                if (shared && become()) {
                    receiveFor(call, deadline);
                } else {
                    follow(call, deadline);
                }
            }
        } finally {
            // In this order, so that no wake-up gets lost: see above.
            final boolean replied = exchange.stopExpecting(call);
            if (!replied && receiver.get() == null) {
                wakeNext();
            }
        }
        return call.isDone();
    }

    /** Waits like {@link #await} for a call for which another thread waits too. */
    private boolean awaitBeside(final Call<?> call, final long deadline) {
        try (Bystander bystander = summon()) {
            call.future().handle((value, failure) -> value).get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (final TimeoutException e) {
            return false;
        } catch (final ExecutionException e) {
            throw new AssertionError("a handled failure", e);
        }
        return call.isDone();
    }

    private boolean become() {
        if (receiver.get() != null || !receiver.compareAndSet(null, Thread.currentThread())) {
            return false;
        }
        turns.incrementAndGet();
        return true;
    }

    private void leave() {
        receiver.set(null);
        wakeNext();
    }

    /** Wakes the thread that is to receive next. Ends the sleep of the reply reader, which then stands by. */
    private void wakeNext() {
        final Thread next = nextFollower();
        if (next != null) {
            LockSupport.unpark(next);
        }
        if (readerSleeps || (next == null && bystanders.get() > 0)) {
            LockSupport.unpark(reader);
        }
    }

    /** Returns a thread that waits for a reply and may have to be woken to receive it; null if there is none. */
    private @Nullable Thread nextFollower() {
        return followers.get() > 0 ? exchange.anyWaiter(Thread.currentThread()) : null;
    }

    private void receiveFor(final Call<?> call, final long deadline) {
        try {
            boolean inTime = true;
            while (inTime && call.lacksReply()) {
                // Checked after each reply, because the replies to other requests may never cease.
                inTime = receiveUntil(deadline)
                        && deadline - System.nanoTime() > 0
                        && !Thread.currentThread().isInterrupted();
            }
        } finally {
            leave();
        }
    }

    /** Receives a reply. Returns false if none came before the deadline or an interrupt. */
    private boolean receiveUntil(final long deadline) {
        try {
            final Received received = channel.receiveUntil(deadline);
            if (received == null) {
                return false;
            }
            exchange.dispatch(received);
        } catch (final IOException | ProtocolException | RuntimeException | Error e) {
            exchange.endWith(e);
        }
        return true;
    }

    private void follow(final Call<?> call, final long deadline) {
        followers.incrementAndGet();
        try {
            if ((!shared || receiver.get() != null) && call.lacksReply()) {
                LockSupport.parkNanos(call, deadline - System.nanoTime());
            }
        } finally {
            followers.decrementAndGet();
        }
    }

    // The reply reader

    private void runReader() {
        while (!exchange.hasEnded()) {
            if (become()) {
                try {
                    receiveForNobody();
                } finally {
                    leave();
                }
            }
            standBy();
        }
    }

    /** Receives until a thread waits for a reply, or until the exchange ends. */
    private void receiveForNobody() {
        boolean awaited = shared && nextFollower() != null;
        while (!awaited && !exchange.hasEnded()) {
            try {
                final boolean handed = exchange.dispatch(channel.receive());
                awaited = shared && (handed || nextFollower() != null);
            } catch (final IOException | ProtocolException | RuntimeException | Error e) {
                exchange.endWith(e);
            }
        }
    }

    /** Blocks while other threads receive. */
    private void standBy() {
        boolean free = false;
        while (!free && !exchange.hasEnded()) {
            final int before = turns.get();
            LockSupport.parkNanos(this, STANDBY_NANOS);
            final boolean same = turns.get() == before;
            if (receiver.get() == null) {
                free = same || bystanders.get() > 0;
            } else if (same) {
                // One thread has been waiting for long.
                sleep();
            }
        }
    }

    private void sleep() {
        readerSleeps = true;
        if (receiver.get() != null && !exchange.hasEnded()) {
            LockSupport.park(this);
        }
        readerSleeps = false;
    }
}
