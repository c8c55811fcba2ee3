package dev.ninepin.session;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.channel.ChannelSource;
import dev.ninepin.p9.Rattach;
import dev.ninepin.session.exchange.Exchange;
import dev.ninepin.session.exchange.OperationRecorder;
import dev.ninepin.session.exchange.RequestTimeoutException;
import dev.ninepin.session.exchange.SessionEnd;
import dev.ninepin.session.exchange.SessionEndedException;
import dev.ninepin.session.exchange.WaitCondition;
import dev.ninepin.session.fid.FidTable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections of a session, one after another. When a connection ends unexpectedly, the thread {@code
 * ninepin-reconnect} closes the old channel, opens a new one, negotiates, and attaches the session's user. {@code
 * docs/decisions/0048-reconnection.md} describes the attempts and their pauses.
 *
 * <p>Any thread may call any method. No request is sent and no other lock is taken under the monitor.
 */
final class Connections {
    private static final Logger LOG = LoggerFactory.getLogger(Connections.class);

    private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** The longest pause while a request waits. */
    private static final long SHORT_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

    /** A connection that ends sooner counts as a failed attempt: the next attempt follows after a pause. */
    private static final long SHORTEST_LIFE_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** The status shows a server as silent after this time without a reply, even if requests wait for longer. */
    private static final Duration LONGEST_CALM = Duration.ofMinutes(1);

    /** The status shows no server as silent before this time, even if requests fail sooner. */
    private static final Duration SHORTEST_CALM = Duration.ofSeconds(1);

    /** The least time that requests wait for the next connection, even if the server was silent before. */
    private static final long ATTEMPT_NANOS = TimeUnit.SECONDS.toNanos(3);

    /** How long {@link #close} waits for the reconnecting thread. */
    private static final long CLOSE_PATIENCE_MILLIS = TimeUnit.SECONDS.toMillis(2);

    private final @Nullable ChannelSource source;
    private final SessionOptions options;
    private final OperationRecorder recorder;

    /** The latest connection, which may have ended. Read without the monitor. */
    private volatile Connection current;

    /** Run after each reconnection. */
    private volatile Runnable reconnectAction = () -> {};

    /** Run after the next reconnection. */
    private final Queue<Runnable> oneTimeActions = new ConcurrentLinkedQueue<>();

    private volatile @Nullable FidTable fids;

    /** Why the latest connection ended; null while it lasts. */
    @GuardedBy("this")
    private @Nullable SessionEnd end;

    /** When the latest connection ended, as a {@link System#nanoTime}. */
    @GuardedBy("this")
    private long lostAt;

    /** Until when requests wait for the next connection, as a {@link System#nanoTime}. */
    @GuardedBy("this")
    private long waitUntil;

    /** When the latest connection began, as a {@link System#nanoTime}. */
    @GuardedBy("this")
    private long connectedAt = System.nanoTime();

    /** The pause after the next failed attempt. */
    @GuardedBy("this")
    private long pauseNanos = FIRST_PAUSE_NANOS;

    @GuardedBy("this")
    private @Nullable Thread thread;

    /** The number of requests that wait for the next connection. */
    @GuardedBy("this")
    private int waiting;

    /** Whether a request has begun to wait for the next connection since the last attempt. */
    @GuardedBy("this")
    private boolean asked;

    /** The number of failed attempts since the latest connection ended. */
    @GuardedBy("this")
    private int tries;

    /** Why the last of these attempts has failed; null if none has. */
    @GuardedBy("this")
    private @Nullable String tryFailure;

    /** When the next attempt begins; null while an attempt is made. */
    @GuardedBy("this")
    private @Nullable Instant nextTry;

    /** Whether requests fail instead of waiting, because the session will be closed soon. */
    @GuardedBy("this")
    private boolean waitsStopped;

    /** Whether no connection follows the latest one until {@link #goOn}. */
    @GuardedBy("this")
    private boolean suspended;

    @GuardedBy("this")
    private boolean closed;

    /** @param source opens further channels; null if the session ends with its first connection */
    Connections(
            final @Nullable ChannelSource source,
            final SessionOptions options,
            final OperationRecorder recorder,
            final Connection first) {
        this.source = source;
        this.options = options;
        this.recorder = recorder;
        this.current = first;
    }

    /** Returns the latest connection, which may have ended. */
    Connection current() {
        return current;
    }

    /** Sets the fids of the session, and begins to use the first connection. */
    void begin(final FidTable table) {
        fids = table;
        establish(current, 0);
    }

    /** Sets the action to run after each reconnection. The action may send requests. */
    void setReconnectAction(final Runnable action) {
        reconnectAction = action;
    }

    /** Adds an action to run after the next reconnection. The action may send requests. */
    void runOnceAfterReconnection(final Runnable action) {
        oneTimeActions.add(action);
    }

    /** Returns whether another connection is opened when one has ended. */
    boolean reconnects() {
        return source != null;
    }

    /**
     * The state of the connections.
     *
     * @param end when and why the latest connection ended; null while it lasts
     * @param tries the number of failed attempts since then
     * @param tryFailure why the last of these attempts has failed; null if none has
     * @param nextTry when the next attempt begins; null while an attempt is made
     * @param silentNanos for how long the server has sent nothing although requests wait, in nanoseconds; 0 if no
     *     request waits
     * @param isSilent whether the status shows the server as silent
     * @param patienceNanos how much longer requests wait for a silent server or for another connection, in nanoseconds;
     *     0 if they fail at once
     * @param closed whether the attempts have ended for good
     */
    record Condition(
            @Nullable SessionEnd end,
            int tries,
            @Nullable String tryFailure,
            @Nullable Instant nextTry,
            long silentNanos,
            boolean isSilent,
            long patienceNanos,
            boolean closed) {}

    synchronized Condition condition() {
        final Exchange exchange = current.exchange();
        final long silent = end == null ? exchange.silentNanos() : 0;
        final long calm =
                Math.max(SHORTEST_CALM.toNanos(), Math.min(options.patience().toNanos(), LONGEST_CALM.toNanos()));
        return new Condition(
                end,
                tries,
                tryFailure,
                nextTry,
                silent,
                exchange.isSilent() || silent >= calm,
                Math.max(0, end == null ? patienceWithSilence() : waitUntil - System.nanoTime()),
                closed);
    }

    /** Returns how much longer requests wait for a silent server, in nanoseconds. */
    private long patienceWithSilence() {
        final Exchange exchange = current.exchange();
        return exchange.isSilent() ? 0 : options.patience().toNanos() - exchange.silentNanos();
    }

    private void establish(final Connection connection, final int firstFid) {
        connection.establish(firstFid);
        // The connection may have ended before this call, without a call of the listener.
        connection.exchange().end().ifPresent(why -> recordEnd(connection.number(), why));
    }

    /** Records the unexpected end of a connection, and begins to open the next one. Does not block. */
    void recordEnd(final int number, final SessionEnd why) {
        final boolean wasSilent;
        synchronized (this) {
            if (closed || suspended || end != null || number != current.number()) {
                return;
            }
            end = why;
            lostAt = System.nanoTime();
            wasSilent = current.exchange().isSilent();
            // The time for which requests have already waited for a silent server counts.
            final long patience = options.patience().toNanos();
            waitUntil = lostAt + Math.max(patienceWithSilence(), Math.min(patience, ATTEMPT_NANOS));
            tries = 0;
            tryFailure = null;
            nextTry = null;
            asked = false;
            if (lostAt - connectedAt > SHORTEST_LIFE_NANOS) {
                pauseNanos = FIRST_PAUSE_NANOS;
            }
            startReconnecting(lostAt - connectedAt <= SHORTEST_LIFE_NANOS && number > 0);
        }
        if (source == null) {
            LOG.warn("The session with the server has ended: {}", why.reason());
        } else if (wasSilent) {
            // The warning about the silence is already in the log.
            LOG.info("The connection to the server is given up, and another one is being opened: {}", why.reason());
        } else {
            LOG.warn("The connection to the server has ended, and another one is being opened: {}", why.reason());
        }
    }

    /**
     * Starts the thread that opens the next connection. If the system allows no more threads, the next waiting request
     * tries to start the thread.
     *
     * @param pausesFirst whether the thread pauses before its first attempt
     */
    @GuardedBy("this")
    private void startReconnecting(final boolean pausesFirst) {
        final ChannelSource from = source;
        if (from == null) {
            return;
        }
        final Thread reconnecting = new Thread(() -> reconnect(from, pausesFirst), "ninepin-reconnect");
        reconnecting.setDaemon(true);
        try {
            reconnecting.start();
            thread = reconnecting;
        } catch (final OutOfMemoryError e) {
            tries++;
            LOG.debug("no thread can be started to connect to the server again", e);
        }
    }

    /**
     * Blocks until a connection after the one of {@code lost} is open. Shortens the pause before the next attempt.
     *
     * @throws SessionEndedException {@code lost}, if no other connection follows
     * @throws RequestTimeoutException if no connection was open for {@link SessionOptions#patience}
     * @throws InterruptedIOException if the thread is interrupted (its interrupt flag stays set), or if its condition
     *     in {@link WaitCondition} is true
     */
    void awaitConnectionAfter(final SessionEndedException lost) throws IOException {
        final BooleanSupplier givesUp = WaitCondition.get();
        synchronized (this) {
            waiting++;
            asked = true;
            notifyAll();
            try {
                while (current.number() <= lost.connection()) {
                    if (closed || source == null) {
                        throw lost;
                    }
                    final long left = end == null ? SHORT_PAUSE_NANOS : waitUntil - System.nanoTime();
                    if (left <= 0 || waitsStopped) {
                        throw RequestTimeoutException.unreachable(
                                options.patience().toNanos());
                    }
                    if (end != null && thread == null) {
                        startReconnecting(false);
                    }
                    final long nanos = thread == null ? Math.min(left, SHORT_PAUSE_NANOS) : left;
                    if (givesUp == null) {
                        TimeUnit.NANOSECONDS.timedWait(this, nanos);
                    } else if (givesUp.getAsBoolean()) {
                        throw new InterruptedIOException("given up while the server was unreachable");
                    } else {
                        TimeUnit.NANOSECONDS.timedWait(this, Math.min(nanos, WaitCondition.CHECK_NANOS));
                    }
                }
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while the server was unreachable");
            } finally {
                waiting--;
            }
        }
    }

    /**
     * Returns the latest connection, and opens no other one until {@link #goOn}. Empty if the connection has ended, or
     * if the session does not reconnect.
     */
    synchronized Optional<Connection> suspend() {
        if (closed || suspended || end != null || source == null) {
            return Optional.empty();
        }
        suspended = true;
        return Optional.of(current);
    }

    /** Opens the next connection after {@link #suspend}. */
    void goOn(final String reason) {
        final int latest;
        synchronized (this) {
            suspended = false;
            latest = current.number();
        }
        recordEnd(latest, new SessionEnd(Instant.now(), reason));
    }

    /** Makes requests fail that wait for the next connection, now and later. */
    synchronized void stopWaiting() {
        waitsStopped = true;
        notifyAll();
    }

    // The reconnecting thread

    private void reconnect(final ChannelSource from, final boolean pausesFirst) {
        // Before the next channel is opened, because a device has one user at a time.
        current.close();
        boolean lasts = !pausesFirst || awaitNextAttempt();
        while (lasts) {
            try {
                adopt(open(from));
                return;
            } catch (final IOException | RuntimeException | OutOfMemoryError e) {
                recordFailure(e);
            }
            lasts = awaitNextAttempt();
        }
    }

    /** Records why an attempt has failed. Only the first failure since the end of the connection is logged as INFO. */
    private void recordFailure(final Throwable failure) {
        final String why = String.valueOf(failure.getMessage());
        final boolean isFirst;
        synchronized (this) {
            tries++;
            isFirst = !closed && tries == 1;
            tryFailure = why;
        }
        if (isFirst) {
            LOG.info("Cannot connect to the server again; further attempts follow: {}", why);
        }
        LOG.debug("cannot connect to the server again", failure);
    }

    private Connection open(final ChannelSource from) throws IOException {
        final int number = current.number() + 1;
        final Connection next = Connection.open(from.open(), number, options, recorder, why -> recordEnd(number, why));
        try {
            final Rattach root = next.attachRoot(0);
            if (!root.qid().isSameFile(table().root().qid())) {
                throw new IOException("the server now offers another directory than before");
            }
            return next;
        } catch (final IOException | RuntimeException e) {
            next.close();
            throw e;
        }
    }

    private FidTable table() {
        final FidTable table = fids;
        if (table == null) {
            throw new IllegalStateException("the session has not begun");
        }
        return table;
    }

    private void adopt(final Connection next) {
        // In this order: while the ended connection is still current, a request over a new fid fails and is repeated.
        table().beginConnection();
        final int firstFid = table().first();
        next.exchange().continueFrom(current.exchange());
        final boolean isWanted;
        final Duration pause;
        final int failed;
        synchronized (this) {
            isWanted = !closed;
            pause = Duration.ofNanos(System.nanoTime() - lostAt);
            failed = tries;
            if (isWanted) {
                next.establish(firstFid);
                current = next;
                connectedAt = System.nanoTime();
                end = null;
                tryFailure = null;
                thread = null;
                notifyAll();
            }
        }
        if (!isWanted) {
            next.close();
            return;
        }
        LOG.info("Connected to the server again after {} s and {} failed attempts", pause.toMillis() / 1000.0, failed);
        establish(next, firstFid);
        try {
            runReconnectActions();
        } catch (final RuntimeException | OutOfMemoryError e) {
            // Not a failed attempt, because the connection is open.
            LOG.warn("An action after the reconnection has failed", e);
        }
    }

    private void runReconnectActions() {
        reconnectAction.run();
        // An action that fails may add another one for the next reconnection.
        for (final Runnable each : List.copyOf(oneTimeActions)) {
            try {
                each.run();
            } finally {
                oneTimeActions.remove(each);
            }
        }
    }

    /** Returns whether an action of {@link #runOnceAfterReconnection} has not ended yet. */
    boolean hasActionsToRun() {
        return !oneTimeActions.isEmpty();
    }

    /** Blocks until the next attempt is due. Returns false if the session was closed. */
    private synchronized boolean awaitNextAttempt() {
        final long begin = System.nanoTime();
        // The jitter prevents that all clients of a server connect at the same time.
        final long pause = pauseNanos * 3 / 4 + ThreadLocalRandom.current().nextLong(pauseNanos / 2);
        pauseNanos = Math.min(2 * pauseNanos, LONGEST_PAUSE_NANOS);
        asked = false;
        try {
            while (!closed) {
                final long due = waiting > 0 || asked ? Math.min(pause, SHORT_PAUSE_NANOS) : pause;
                final long nanos = begin + due - System.nanoTime();
                if (nanos <= 0) {
                    nextTry = null;
                    return true;
                }
                nextTry = Instant.now().plusNanos(nanos);
                TimeUnit.NANOSECONDS.timedWait(this, nanos);
            }
        } catch (final InterruptedException e) {
            LOG.debug("the session is being closed", e);
        }
        return false;
    }

    /** Ends the attempts to connect. Afterwards, {@link #current} does not change. Does not wait for the server. */
    void close() {
        final Thread reconnecting;
        synchronized (this) {
            closed = true;
            reconnecting = thread;
            notifyAll();
        }
        if (reconnecting != null && reconnecting != Thread.currentThread()) {
            reconnecting.interrupt();
            try {
                reconnecting.join(CLOSE_PATIENCE_MILLIS);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
