package dev.ninepin.session;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.channel.ChannelSource;
import dev.ninepin.p9.Rattach;
import dev.ninepin.session.exchange.OperationRecorder;
import dev.ninepin.session.exchange.RequestTimeoutException;
import dev.ninepin.session.exchange.SessionEnd;
import dev.ninepin.session.exchange.SessionEndedException;
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
 * The connections of a session, one after the other. When one ends unexpectedly, the thread {@code ninepin-reconnect}
 * opens the next: it closes the old channel, opens a new one, negotiates, and attaches the session's user. It tries at
 * once and then after growing pauses, and soon while a request waits.
 *
 * <p>Any thread may call any method. No request is sent and no other lock is taken under the monitor.
 */
final class Connections {
    private static final Logger LOG = LoggerFactory.getLogger(Connections.class);

    private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** The longest pause while a request waits: a mount goes on soon after its server's return. */
    private static final long SHORT_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

    /** A connection that ends sooner counts as a failed attempt, so that the next is not made at once. */
    private static final long SHORTEST_LIFE_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** How long {@link #close} waits for the reconnecting thread. */
    private static final long CLOSE_PATIENCE_MILLIS = TimeUnit.SECONDS.toMillis(2);

    /** How often a thread with a condition of {@link #GIVES_UP} looks at it. */
    private static final long CONDITION_CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** When the thread gives up its wait for the server; null if only an interrupt or the timeout ends the wait. */
    static final ThreadLocal<@Nullable BooleanSupplier> GIVES_UP = new ThreadLocal<>();

    private final @Nullable ChannelSource source;
    private final SessionOptions options;
    private final OperationRecorder recorder;

    /** The latest connection, which may have ended. Read without the monitor. */
    private volatile Connection current;

    /** Run after each return of the server. */
    private volatile Runnable afterReturn = () -> {};

    /** Run after the next return of the server. */
    private final Queue<Runnable> onceAfterReturn = new ConcurrentLinkedQueue<>();

    private volatile @Nullable FidTable fids;

    /** Why the latest connection ended; null while it lasts. */
    @GuardedBy("this")
    private @Nullable SessionEnd end;

    /** When the latest connection ended, as a {@link System#nanoTime}. */
    @GuardedBy("this")
    private long lostAt;

    /** When the latest connection began, as a {@link System#nanoTime}. */
    @GuardedBy("this")
    private long connectedAt = System.nanoTime();

    /** The pause after the next failure. */
    @GuardedBy("this")
    private long pauseNanos = FIRST_PAUSE_NANOS;

    @GuardedBy("this")
    private @Nullable Thread thread;

    /** The number of requests that wait for the next connection. */
    @GuardedBy("this")
    private int waiting;

    /** Whether a request has asked for the next connection since the last attempt. */
    @GuardedBy("this")
    private boolean asked;

    /** The number of failed attempts since the latest connection ended. */
    @GuardedBy("this")
    private int tries;

    /** Why the last of these attempts has failed; null if none has. */
    @GuardedBy("this")
    private @Nullable String tryFailure;

    @GuardedBy("this")
    private @Nullable Instant nextTry;

    /** Whether requests no longer wait, because the session will be closed soon. */
    @GuardedBy("this")
    private boolean waitsNoMore;

    /** Whether the end of the latest connection is not to be followed by another one, until {@link #goOn}. */
    @GuardedBy("this")
    private boolean suspended;

    @GuardedBy("this")
    private boolean closed;

    /** @param source opens further channels; null if the session ends with this connection */
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

    /** Sets the action to run after each return of the server. It may send requests. */
    void setAfterReturn(final Runnable action) {
        afterReturn = action;
    }

    /** Adds an action to run after the next return of the server. It may send requests. */
    void runOnceAfterReturn(final Runnable action) {
        onceAfterReturn.add(action);
    }

    /** Returns whether a lost connection is followed by another one. */
    boolean lastsBeyondConnection() {
        return source != null;
    }

    /**
     * How the session is connected.
     *
     * @param end why the latest connection ended; null while it lasts
     * @param tries the number of failed attempts since then
     * @param tryFailure why the last of these attempts has failed; null if none has
     * @param nextTry when the next attempt begins; null while one is made
     * @param closed whether no other connection follows
     */
    record Condition(
            @Nullable SessionEnd end,
            int tries,
            @Nullable String tryFailure,
            @Nullable Instant nextTry,
            boolean closed) {}

    synchronized Condition condition() {
        return new Condition(end, tries, tryFailure, nextTry, closed);
    }

    private void establish(final Connection connection, final int firstFid) {
        connection.establish(firstFid);
        // It may have ended just before, and nobody was told.
        connection.exchange().end().ifPresent(why -> lost(connection.number(), why));
    }

    /** Notes the unexpected end of a connection, and begins to make the next one. Does not block. */
    void lost(final int number, final SessionEnd why) {
        synchronized (this) {
            if (closed || suspended || end != null || number != current.number()) {
                return;
            }
            end = why;
            lostAt = System.nanoTime();
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
        } else {
            LOG.warn("The connection to the server is lost, and is being made again: {}", why.reason());
        }
    }

    /**
     * Starts the thread that opens the next connection. If the system allows no more threads, a request that waits tries
     * again.
     *
     * @param isEarly whether the thread pauses before its first attempt
     */
    @GuardedBy("this")
    private void startReconnecting(final boolean isEarly) {
        final ChannelSource from = source;
        if (from == null) {
            return;
        }
        final Thread reconnecting = new Thread(() -> reconnect(from, isEarly), "ninepin-reconnect");
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
     * Blocks until there is a connection after the one that ended. Makes the next attempt begin soon.
     *
     * @throws SessionEndedException {@code lost}, if no other connection follows
     * @throws RequestTimeoutException if the server has been away for too long
     * @throws InterruptedIOException if the thread is interrupted; its interrupt flag stays set
     */
    void awaitAfter(final SessionEndedException lost) throws IOException {
        final long patience = options.patience().toNanos();
        final BooleanSupplier givesUp = GIVES_UP.get();
        synchronized (this) {
            waiting++;
            asked = true;
            notifyAll();
            try {
                while (current.number() <= lost.connection()) {
                    if (closed || source == null) {
                        throw lost;
                    }
                    final long left = end == null ? SHORT_PAUSE_NANOS : lostAt + patience - System.nanoTime();
                    if (left <= 0 || waitsNoMore) {
                        throw RequestTimeoutException.away(patience);
                    }
                    if (end != null && thread == null) {
                        startReconnecting(false);
                    }
                    final long nanos = thread == null ? Math.min(left, SHORT_PAUSE_NANOS) : left;
                    if (givesUp == null) {
                        TimeUnit.NANOSECONDS.timedWait(this, nanos);
                    } else if (givesUp.getAsBoolean()) {
                        throw new InterruptedIOException("given up while the server was away");
                    } else {
                        TimeUnit.NANOSECONDS.timedWait(this, Math.min(nanos, CONDITION_CHECK_NANOS));
                    }
                }
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while the server was away");
            } finally {
                waiting--;
            }
        }
    }

    /**
     * Makes the latest connection the last one until {@link #goOn}, and returns it. Empty if it has ended, or if no other
     * one could follow.
     */
    synchronized Optional<Connection> suspend() {
        if (closed || suspended || end != null || source == null) {
            return Optional.empty();
        }
        suspended = true;
        return Optional.of(current);
    }

    /** Ends what {@link #suspend} began: the connection after the latest one is made. */
    void goOn(final String reason) {
        final int latest;
        synchronized (this) {
            suspended = false;
            latest = current.number();
        }
        lost(latest, new SessionEnd(Instant.now(), reason));
    }

    /** Ends the wait of requests for the next connection, now and later. */
    synchronized void stopWaiting() {
        waitsNoMore = true;
        notifyAll();
    }

    // The reconnecting thread

    private void reconnect(final ChannelSource from, final boolean isEarly) {
        // First, because a device is exclusive.
        current.close();
        boolean lasts = !isEarly || rest();
        while (lasts) {
            try {
                use(open(from));
                return;
            } catch (final IOException | RuntimeException | OutOfMemoryError e) {
                noteFailure(e);
            }
            lasts = rest();
        }
    }

    /** Notes why an attempt has failed. Warns if that is another reason than before. */
    private void noteFailure(final Throwable failure) {
        final String why = String.valueOf(failure.getMessage());
        final boolean isNews;
        synchronized (this) {
            isNews = !closed && !why.equals(tryFailure);
            tryFailure = why;
        }
        if (isNews) {
            LOG.warn("Cannot connect to the server again, and will go on trying: {}", why);
        }
        LOG.debug("cannot connect to the server again", failure);
    }

    private Connection open(final ChannelSource from) throws IOException {
        final int number = current.number() + 1;
        final Connection next = Connection.open(from.open(), number, options, recorder, why -> lost(number, why));
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

    private void use(final Connection next) {
        // In this order: until the connection is current, requests over its fids fail as if they were lost, and are
        // repeated.
        table().beginConnection();
        final int firstFid = table().first();
        next.exchange().continueFrom(current.exchange());
        final boolean isWanted;
        final Duration away;
        final int failed;
        synchronized (this) {
            isWanted = !closed;
            away = Duration.ofNanos(System.nanoTime() - lostAt);
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
        LOG.info("Connected to the server again after {} s and {} failed attempts", away.toMillis() / 1000.0, failed);
        establish(next, firstFid);
        try {
            runAfterReturn();
        } catch (final RuntimeException | OutOfMemoryError e) {
            // Not a failed attempt: there is a connection.
            LOG.warn("what was to be done after the server's return has failed", e);
        }
    }

    private void runAfterReturn() {
        afterReturn.run();
        // An action that fails may add itself for the return after this one.
        final List<Runnable> due = List.copyOf(onceAfterReturn);
        onceAfterReturn.removeAll(due);
        due.forEach(Runnable::run);
    }

    /** Blocks until the next attempt is due. Returns false if the session was closed. */
    private synchronized boolean rest() {
        tries++;
        final long begin = System.nanoTime();
        // Some jitter, so that the clients of a server that returns do not all come at once.
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

    /** Ends the attempts to connect. Afterwards, {@link #current} stays the same. Does not wait for the server. */
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
