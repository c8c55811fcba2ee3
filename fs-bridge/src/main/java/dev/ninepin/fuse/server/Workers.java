package dev.ninepin.fuse.server;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.lib.Native;
import dev.ninepin.fuse.protocol.ReceivedRequest;
import dev.ninepin.fuse.protocol.RequestKind;
import dev.ninepin.handover.FuseState;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.os.WakeSignal;
import dev.ninepin.p9.ByteString;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import jnr.ffi.Pointer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The worker threads of a mount, and the libfuse session that they serve. The last thread to leave destroys the
 * session, which also closes the device.
 *
 * <p>A request may block for as long as the server does, and the kernel's INTERRUPT for it must be received in the
 * meantime. So at least one thread waits for requests, as long as there are fewer than {@link #MOST} threads. A thread
 * that receives a request when no other thread waits starts another thread. A waiting thread costs only memory; if
 * there are more than {@link #KEPT} threads, surplus threads leave.
 *
 * <p>Any thread may call any method.
 */
public final class Workers {
    /**
     * The number of threads that stay. Each holds a receive buffer of 1 MiB, of which 64 KiB stay in memory, or all of it
     * if there are no more than {@link #FULL} threads: 20 MB in total, after large writes of that many threads.
     */
    public static final int KEPT = 64;

    /**
     * The number of threads up to which a thread keeps the memory of a large write. The kernel gives requests to the
     * waiting threads in turns, so the writes of one program would fill the buffers of all.
     */
    private static final int FULL = 16;

    /**
     * The most threads that are started without a delay. If this many requests wait for the server, further requests
     * queue in the kernel. Then one more thread starts at intervals, because the kernel's INTERRUPT of a request also
     * needs a thread.
     */
    static final int MOST = 1024;

    /** The interval at which one more thread is started beyond {@link #MOST}. */
    private static final long ONE_MORE_MILLIS = 250;

    /** How long requests may continue after the end of the connection before they are interrupted. */
    private static final long LAST_REQUESTS_MILLIS = TimeUnit.SECONDS.toMillis(5);

    private static final int EINTR = 4;
    private static final int EAGAIN = 11;

    private static final Logger LOG = LoggerFactory.getLogger(Workers.class);

    private final LibFuse fuse;
    private final long session;
    private final long channel;

    /**
     * Keeps the callbacks reachable while a thread runs, because native code calls into them. Nothing else need
     * reference the mount.
     */
    private final Callbacks callbacks;

    private final FileOperations files;
    private final Negotiation negotiation;
    private final Notifications kernel;
    private final RequestSlots slots;
    private final Timer timer;
    private final Gate gate = new Gate();

    /** The requests from another program, which are served first. Set before {@link #start}. */
    private List<ByteString> earlier = List.of();

    private final AtomicInteger waiting = new AtomicInteger();
    private final CountDownLatch ended = new CountDownLatch(1);

    /** Guards the session's lifetime and the number of threads that use it. */
    private final Object sessionLock = new Object();

    /** The number of threads. Changes only under {@link #sessionLock}. */
    private final AtomicInteger alive = new AtomicInteger();

    /** Set while {@link #startOneMore} is scheduled. */
    private final AtomicBoolean oneMore = new AtomicBoolean();

    /** Set while a thread runs {@link #forgetSurplus}. */
    private final AtomicBoolean forgetting = new AtomicBoolean();

    /** Whether {@link FileOperations#disconnected} was called. */
    private final AtomicBoolean announcedEnd = new AtomicBoolean();

    /** Set once a thread has received the end of the connection, from the kernel or after {@link #exitSession}. */
    private volatile boolean disconnected;

    /**
     * @param session the session, with {@code channel} added to it; this object destroys both
     * @param callbacks the callbacks of the session
     * @param files the file system that the callbacks serve
     * @param slots the requests in progress; no other object adds slots
     * @param timer closed after the last thread has left
     */
    Workers(
            final LibFuse fuse,
            final long session,
            final long channel,
            final Callbacks callbacks,
            final FileOperations files,
            final Negotiation negotiation,
            final Notifications kernel,
            final RequestSlots slots,
            final Timer timer) {
        this.fuse = fuse;
        this.session = session;
        this.channel = channel;
        this.callbacks = callbacks;
        this.files = files;
        this.negotiation = negotiation;
        this.kernel = kernel;
        this.slots = slots;
        this.timer = timer;
    }

    /** Starts the first thread, and so begins to serve the mount. */
    public void start() {
        synchronized (sessionLock) {
            earlier.forEach(this::add);
            add(null);
        }
    }

    /** Starts another thread at once, or later if there are {@link #MOST}. */
    private void startAnother() {
        synchronized (sessionLock) {
            if (alive.get() < MOST) {
                addIfPossible();
                return;
            }
        }
        if (!oneMore.getAndSet(true)) {
            final Timer.Cancellable unused = timer.schedule(ONE_MORE_MILLIS, this::startOneMore);
        }
    }

    /** Starts another thread if none waits for requests. */
    private void startOneMore() {
        oneMore.set(false);
        synchronized (sessionLock) {
            if (waiting.get() == 0 && alive.get() > 0) {
                addIfPossible();
            }
        }
    }

    /** Starts another thread, unless the system has no memory for it. */
    @GuardedBy("sessionLock")
    private void addIfPossible() {
        try {
            add(null);
        } catch (final OutOfMemoryError e) {
            LOG.warn("cannot start another worker thread: out of memory; {} threads keep serving", alive, e);
        }
    }

    /**
     * Starts a worker, which is counted before it runs.
     *
     * @param first a request that it serves first; null if there is none
     */
    @GuardedBy("sessionLock")
    private void add(final @Nullable ByteString first) {
        final Worker worker = new Worker(slots, fuse, files.timeouts(), first, this::serve);
        waiting.incrementAndGet();
        alive.incrementAndGet();
        gate.add(worker);
        try {
            worker.start();
        } catch (final OutOfMemoryError e) {
            gate.remove(worker);
            slots.remove(worker.slot);
            waiting.decrementAndGet();
            alive.decrementAndGet();
            throw e;
        }
    }

    /** Runs a worker's loop until the worker leaves. Called on the worker's own thread. */
    private void serve(final Worker worker) {
        try {
            loop(worker);
        } catch (final Throwable e) {
            LOG.error("{} failed", worker.getName(), e);
        } finally {
            removeWorker(worker);
        }
    }

    /**
     * Returns whether this thread may leave because other threads wait for requests. If so, this thread is no longer
     * counted as waiting.
     */
    private boolean isSurplus() {
        if (alive.get() <= KEPT) {
            return false;
        }
        if (waiting.decrementAndGet() > 0) {
            return true;
        }
        // The other waiting thread has just received a request, so this thread must wait.
        waiting.incrementAndGet();
        return false;
    }

    private void loop(final Worker worker) {
        // libfuse takes the channel by reference and may change it.
        final Pointer place = Native.allocate(Long.BYTES);
        final ByteBuffer buffer = worker.received.buffer();
        if (worker.first != null) {
            worker.first.putInto(buffer.duplicate());
            if (serve(worker, worker.first.length())) {
                return;
            }
        }
        while (true) {
            place.putLong(0, channel);
            gate.pass(worker);
            final int received = fuse.fuse_chan_recv(place, buffer, ReceivedRequest.BUFFER_SIZE);
            worker.setReceiving(false);
            if (received > 0) {
                if (serve(worker, received)) {
                    return;
                }
            } else if (received != -EINTR && received != -EAGAIN) {
                LOG.debug("{} stops: fuse_chan_recv returned {}", worker.getName(), received);
                waiting.decrementAndGet();
                if (received == 0) {
                    noteDisconnected();
                }
                return;
            }
        }
    }

    /** Serves the request of {@code length} bytes in a worker's buffer, and returns whether the worker may leave. */
    private boolean serve(final Worker worker, final int length) {
        if (waiting.decrementAndGet() == 0) {
            startAnother();
        }
        process(worker.received, length);
        if (length > Worker.SMALL && alive.get() > FULL) {
            worker.releaseMemory();
        }
        forgetSurplus();
        return waiting.incrementAndGet() > 1 && isSurplus();
    }

    /** Records the end of the connection. Ends the requests in progress soon, even if they wait for the server. */
    private void noteDisconnected() {
        disconnected = true;
        if (!announcedEnd.getAndSet(true)) {
            files.disconnected();
            final Timer.Cancellable unused = timer.schedule(LAST_REQUESTS_MILLIS, this::interruptAll);
        }
    }

    private void process(final ReceivedRequest received, final int length) {
        final ByteBuffer request = received.buffer();
        final RequestKind kind = RequestKind.of(request);
        if (kind == RequestKind.INIT) {
            negotiation.answer(session, request, length);
        } else if (kind == RequestKind.PAGES) {
            kernel.completeRetrieval(request);
        } else {
            received.begin(kind);
            final int start = kind.rewrite(request);
            final ByteBuffer known = start == 0 ? request : request.slice(start, length - start);
            fuse.fuse_session_process(session, known, length - start, channel);
        }
    }

    /**
     * Asks the kernel to forget the names in {@link FileOperations#surplus}. Only one thread does so at a time.
     *
     * <p>The kernel takes the directory's lock for this, and the holder of that lock may be waiting for a reply. So
     * this runs on a thread that serves no request, and only while another thread waits for requests.
     */
    private void forgetSurplus() {
        if (waiting.get() == 0 || !forgetting.compareAndSet(false, true)) {
            return;
        }
        try {
            files.surplus().forEach(kernel::dropName);
        } finally {
            forgetting.set(false);
        }
    }

    private void removeWorker(final Worker worker) {
        gate.remove(worker);
        synchronized (sessionLock) {
            slots.remove(worker.slot);
            alive.decrementAndGet();
            if (alive.get() == 0) {
                try {
                    fuse.fuse_session_destroy(session);
                } finally {
                    Reference.reachabilityFence(callbacks);
                }
                timer.close();
                ended.countDown();
            }
        }
    }

    /**
     * Stops taking requests, and blocks for at most {@code nanos} until no request is in progress. If a request is
     * still in progress then, goes on serving. Requests that wait for a lock are handed over.
     *
     * @param connection the number of the connection
     * @return the state for the program that serves the connection next; empty if this program goes on. If not empty,
     *     {@link #goOn} must follow, unless that program starts
     * @throws IOException if threads that wait for requests cannot be woken
     */
    public Optional<FuseState> stop(final int connection, final long nanos) throws IOException, InterruptedException {
        WakeSignal.install();
        final Set<Worker> waitingForLocks = gate.close(nanos, files::holdWaits).orElse(null);
        if (waitingForLocks == null) {
            files.releaseWaits();
            return Optional.empty();
        }
        return Optional.of(new FuseState(
                fuse.fuse_chan_fd(channel),
                connection,
                negotiation.initRequest(),
                negotiation.initAnswer(),
                waitingForLocks.stream().map(each -> each.received.copy()).toList()));
    }

    /** Takes requests again after {@link #stop}. */
    public void goOn() {
        files.releaseWaits();
        gate.open();
    }

    /** Takes over a connection that another program has served. Called before {@link #start}. */
    public void takeOver(final FuseState state) {
        earlier = state.waiting();
        negotiation.takeOver(session, state.request(), state.answer());
    }

    /** Interrupts every request that is being served. */
    public void interruptAll() {
        slots.interruptAll();
    }

    /**
     * Marks the session as exited, so that no thread takes another request. Threads that wait for a request wake up
     * when the connection ends.
     */
    public void exitSession() {
        synchronized (sessionLock) {
            if (alive.get() > 0) {
                fuse.fuse_session_exit(session);
            }
        }
    }

    /**
     * Returns how long each request in progress has been served so far, in nanoseconds.
     *
     * @param now the current {@link System#nanoTime}
     */
    public List<Long> ages(final long now) {
        return slots.ages(now);
    }

    /**
     * Returns whether the connection has ended, though requests may still be in progress. The kernel may have given the
     * connection's number to another mount since.
     */
    public boolean isDisconnected() {
        return disconnected;
    }

    /** Returns whether the server answers now. Blocks for at most two seconds. */
    public boolean isServerAnswering() {
        return files.isServerAnswering();
    }

    /** Returns whether all threads have left and the session is destroyed. */
    public boolean hasEnded() {
        return ended.getCount() == 0;
    }

    /** Blocks until all threads have left and the device is closed. */
    public void awaitEnd() throws InterruptedException {
        ended.await();
    }

    /** Blocks as {@link #awaitEnd()} does, for at most {@code seconds}. Returns whether the threads have left. */
    public boolean awaitEnd(final long seconds) throws InterruptedException {
        return ended.await(seconds, TimeUnit.SECONDS);
    }
}
