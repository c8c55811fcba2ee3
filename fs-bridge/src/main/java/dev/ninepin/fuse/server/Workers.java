package dev.ninepin.fuse.server;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.lib.Native;
import dev.ninepin.fuse.mount.FuseArguments;
import dev.ninepin.fuse.protocol.RequestKind;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.KnownName;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import jnr.ffi.Pointer;
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
     * The number of threads that stay. Each holds a receive buffer of 260 KiB: 17 MB in total, after that many requests
     * have blocked at once.
     */
    public static final int KEPT = 64;

    /**
     * The most threads. Only if this many requests wait for the server at once do further requests queue in the kernel.
     */
    static final int MOST = 1024;

    /** The offset for {@link LibFuse#fuse_lowlevel_notify_inval_inode} that drops attributes, but no pages. */
    private static final int ATTRIBUTES_ONLY = -1;

    /** The size of a request without its data, in bytes. libfuse also reserves a page for it. */
    private static final int REQUEST_OVERHEAD = 4096;

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

    private final CacheMode cache;
    private final int requestSize;
    private final Negotiation negotiation;

    /** The workers by {@link RequestSlot#number}. */
    private final Map<Integer, Worker> workers = new ConcurrentHashMap<>();

    private final Timer timer = new Timer();
    private final Interrupts interrupts = new Interrupts(timer);
    private final KernelPages pages;

    /** Drops older pages of the bytes that a program writes, before the write is answered. */
    final OvertakenWrites overtaken;

    private final AtomicInteger waiting = new AtomicInteger();
    private final CountDownLatch ended = new CountDownLatch(1);

    /** Guards the session's lifetime and the number of threads that use it. */
    private final Object sessionLock = new Object();

    /** The number of threads. Changes only under {@link #sessionLock}. */
    private final AtomicInteger alive = new AtomicInteger();

    @GuardedBy("sessionLock")
    private int lastNumber = -1;

    /** Set while a thread runs {@link #forgetSurplus}. */
    private final AtomicBoolean forgetting = new AtomicBoolean();

    /** Set once a thread has received the end of the connection, from the kernel or after {@link #exitSession}. */
    private volatile boolean disconnected;

    /**
     * @param session the session, with {@code channel} added to it; this object destroys both
     * @param callbacks the callbacks of the session
     * @param mayMapUncached as in {@link Negotiation}
     */
    public Workers(
            final LibFuse fuse,
            final long session,
            final long channel,
            final Callbacks callbacks,
            final CacheMode cache,
            final boolean mayMapUncached) {
        this.fuse = fuse;
        this.session = session;
        this.channel = channel;
        this.callbacks = callbacks;
        this.cache = cache;
        requestSize = FuseArguments.MAX_TRANSFER + REQUEST_OVERHEAD;
        pages = new KernelPages(fuse, channel);
        overtaken = new OvertakenWrites(fuse, channel, pages, timer);
        negotiation = new Negotiation(fuse, session, channel, requestSize, cache, mayMapUncached);
    }

    /** Returns whether a file opened with FOPEN_DIRECT_IO can be mapped, as {@link Negotiation#canMapUncached} does. */
    boolean canMapUncached() {
        return negotiation.canMapUncached();
    }

    /** Starts the first thread, and so begins to serve the mount. */
    public void start() {
        synchronized (sessionLock) {
            add();
        }
    }

    /**
     * Starts another thread unless there are {@link #MOST}. If the system has no memory for it, the existing threads go
     * on alone.
     */
    private void startAnother() {
        synchronized (sessionLock) {
            if (alive.get() < MOST) {
                try {
                    add();
                } catch (final OutOfMemoryError e) {
                    LOG.warn("cannot start another worker thread: out of memory; {} threads keep serving", alive, e);
                }
            }
        }
    }

    /** Starts a worker, which is counted and registered before it runs. */
    @GuardedBy("sessionLock")
    private void add() {
        final int number = nextNumber();
        final Worker worker = new Worker(number, this, fuse, cache, requestSize);
        workers.put(number, worker);
        waiting.incrementAndGet();
        alive.incrementAndGet();
        try {
            worker.start();
        } catch (final OutOfMemoryError e) {
            workers.remove(number);
            waiting.decrementAndGet();
            alive.decrementAndGet();
            throw e;
        }
    }

    /**
     * Returns a number that no worker has or had recently, since an interrupt of an old worker may still be under way.
     */
    @GuardedBy("sessionLock")
    private int nextNumber() {
        do {
            lastNumber = (lastNumber + 1) % RequestSlot.NUMBERS;
        } while (workers.containsKey(lastNumber));
        return lastNumber;
    }

    /** Runs a worker's loop until the worker leaves. Called on the worker's own thread. */
    void serve(final Worker worker) {
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
        while (true) {
            place.putLong(0, channel);
            final int received = fuse.fuse_chan_recv(place, worker.request(), requestSize);
            if (received > 0) {
                if (waiting.decrementAndGet() == 0) {
                    startAnother();
                }
                process(worker, received);
                forgetSurplus();
                if (waiting.incrementAndGet() > 1 && isSurplus()) {
                    return;
                }
            } else if (received != -EINTR && received != -EAGAIN) {
                LOG.debug("{} stops: fuse_chan_recv returned {}", worker.getName(), received);
                waiting.decrementAndGet();
                if (received == 0) {
                    disconnected = true;
                }
                return;
            }
        }
    }

    private void process(final Worker worker, final int length) {
        final ByteBuffer request = worker.request();
        final RequestKind kind = RequestKind.of(request);
        if (kind == RequestKind.INIT) {
            negotiation.answer(request, length);
        } else if (kind == RequestKind.PAGES) {
            pages.completeRetrieval(request);
        } else {
            worker.setKind(kind);
            final int start = kind.rewrite(request);
            final ByteBuffer known = start == 0 ? request : request.slice(start, length - start);
            fuse.fuse_session_process(session, known, length - start, channel);
        }
    }

    /**
     * Asks the kernel to forget the names in {@link Callbacks#surplus}. Only one thread does so at a time.
     *
     * <p>The kernel takes the directory's lock for this, and the holder of that lock may be waiting for a reply. So
     * this runs on a thread that serves no request, and only while another thread waits for requests.
     */
    private void forgetSurplus() {
        if (waiting.get() == 0 || !forgetting.compareAndSet(false, true)) {
            return;
        }
        try {
            for (final KnownName known : callbacks.surplus()) {
                final byte[] name = known.name().toBytes();
                fuse.fuse_lowlevel_notify_inval_entry(
                        channel, known.parent(), Arrays.copyOf(name, name.length + 1), name.length);
            }
        } finally {
            forgetting.set(false);
        }
    }

    private void removeWorker(final Worker worker) {
        synchronized (sessionLock) {
            workers.remove(worker.slot.number());
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
     * Handles a signal to the program that waits for the request of {@code token}. If the request only waits, gives it
     * up at once. Otherwise, gives it up after a while if the signal ends the program and the request is still being
     * served.
     *
     * @param thread the program's thread, as in {@link PendingSignals#willTerminate}
     */
    void interrupt(final long token, final int thread) {
        final Worker worker = workers.get(RequestSlot.numberOf(token));
        if (worker == null) {
            return;
        }
        if (worker.slot.isToEndAtOnce(token)) {
            worker.slot.interrupt(token);
        } else {
            interrupts.schedule(worker.slot, token, thread);
        }
    }

    /**
     * Makes the kernel drop its pages and attributes of a node. Blocks until reads and writes of the node that are
     * under way have finished. So the calling thread must not serve a request that the kernel holds a page for. A
     * kernel that no longer knows the node returns an error, which is ignored.
     */
    void dropData(final long node) {
        fuse.fuse_lowlevel_notify_inval_inode(channel, node, 0, 0);
    }

    /** Makes the kernel drop its attributes of a node, so that it asks for them again before it uses them. */
    void dropAttributes(final long node) {
        fuse.fuse_lowlevel_notify_inval_inode(channel, node, ATTRIBUTES_ONLY, 0);
    }

    /** Interrupts every request that is being served. */
    public void interruptAll() {
        workers.values().forEach(worker -> worker.slot.interruptAny());
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
        return workers.values().stream()
                .map(worker -> worker.slot.age(now))
                .filter(age -> age >= 0)
                .toList();
    }

    /**
     * Returns whether the connection has ended, though requests may still be in progress. The kernel may have given the
     * connection's number to another mount since.
     */
    public boolean isDisconnected() {
        return disconnected;
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
