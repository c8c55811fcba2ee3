package dev.ninepin.session.exchange;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A record of when the server last sent a reply. Also asks the server for a sign of life, with a Tflush of an unused
 * tag. Servers answer this question at once, even if they are busy (flush(5)), and any reply counts as the answer. A
 * server that does not answer in time is <b>mute</b> until it sends something. All times are a {@link System#nanoTime}.
 * Any thread may call any method.
 */
final class SignsOfLife {
    /** How long the server may send nothing before it is asked. Most replies arrive sooner. */
    private static final long SILENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(150);

    /**
     * How long the server may take to answer a question. A loaded server needs some of this time, but after kill(1) a
     * user waits for it.
     */
    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(400);

    private final boolean canAsk;
    private final Runnable asker;

    /** When a reply arrived last, or the exchange began. */
    private volatile long heard = System.nanoTime();

    /** When the last question was asked. The question is open if no reply has arrived since. */
    private final AtomicLong asked = new AtomicLong(heard - 1);

    /**
     * @param canAsk whether the channel takes the question; otherwise, the server never counts as mute
     * @param asker sends the question, and does not wait for a free tag
     */
    SignsOfLife(final boolean canAsk, final Runnable asker) {
        this.canAsk = canAsk;
        this.asker = asker;
    }

    /** Records that a reply has arrived. */
    void noteReply() {
        heard = System.nanoTime();
    }

    /** Returns when a reply arrived last, or the exchange began. */
    long heard() {
        return heard;
    }

    /** Returns whether no reply has arrived since {@code nanos}. */
    boolean isSilentSince(final long nanos) {
        return heard - nanos < 0;
    }

    /** Asks the server for a sign of life, unless a question is open. */
    void ask() {
        final long last = asked.get();
        if (canAsk && !isSilentSince(last) && asked.compareAndSet(last, System.nanoTime())) {
            asker.run();
        }
    }

    /** Returns whether the server has left a question open for too long. */
    boolean isMute() {
        final long last = asked.get();
        return isSilentSince(last) && System.nanoTime() - last >= PATIENCE_NANOS;
    }

    /**
     * Returns until when an urgent wait may last before the caller checks {@link #isMute} again, at most {@code
     * deadline}. Asks the server for a sign of life if no reply has arrived for a moment.
     *
     * @param since when the wait became urgent, for example because the waiting program is being killed
     */
    long nextLook(final long since, final long deadline) {
        final long now = System.nanoTime();
        if (!canAsk || !isSilentSince(since)) {
            return deadline;
        } else if (isMute()) {
            return now;
        } else if (now - since < SILENCE_NANOS) {
            return earlier(since + SILENCE_NANOS, deadline);
        } else if (deadline - now < PATIENCE_NANOS) {
            return deadline;
        }
        ask();
        return earlier(asked.get() + PATIENCE_NANOS, deadline);
    }

    static long later(final long one, final long other) {
        return one - other > 0 ? one : other;
    }

    static long earlier(final long one, final long other) {
        return one - other < 0 ? one : other;
    }
}
