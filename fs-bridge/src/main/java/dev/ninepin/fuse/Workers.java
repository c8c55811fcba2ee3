package dev.ninepin.fuse;

import dev.ninepin.share.CacheMode;
import dev.ninepin.share.KnownName;
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
 * The threads that serve a mount, and the native session that they serve: when the last thread has left, the session is
 * destroyed, and the device closed with it.
 *
 * <p>Requests may block for as long as the server does, and a request to give another up must get through all the same.
 * So one thread at least waits for requests, as long as there are fewer than {@link #MOST}: whoever takes the last free
 * place starts another. A thread that waits costs memory only; beyond {@link #KEPT} of them, those that are not needed
 * any more leave.
 */
final class Workers {
    /** Each holds a receive buffer of 260 KiB: 17 megabytes, once that many requests have blocked at once. */
    static final int KEPT = 64;

    /** So many programs would have to wait for the server at once before any of them waited in the kernel. */
    static final int MOST = 1024;

    /** An offset that means no data at all. */
    private static final int ATTRIBUTES_ONLY = -1;

    /** What a request has beside the data that it carries, in bytes; libfuse leaves a page for it, too. */
    private static final int REQUEST_OVERHEAD = 4096;

    private static final int EINTR = 4;
    private static final int EAGAIN = 11;

    private static final Logger LOG = LoggerFactory.getLogger(Workers.class);

    private final LibFuse fuse;
    private final long session;
    private final long channel;

    /** Held here, since native code calls into it for as long as there is a thread; nobody else need hold the mount. */
    private final Callbacks callbacks;

    private final CacheMode cache;
    private final int requestSize;
    private final Negotiation negotiation;

    /** By number. */
    private final Map<Integer, Worker> workers = new ConcurrentHashMap<>();

    private final Timer timer = new Timer();
    private final Interrupts interrupts = new Interrupts(timer);
    private final KernelPages pages;

    /** What a write has to have dropped before it is answered. */
    final OvertakenWrites overtaken;

    private final AtomicInteger waiting = new AtomicInteger();
    private final CountDownLatch ended = new CountDownLatch(1);

    /** Guards the session's life, and how many threads use it. */
    private final Object sessionLock = new Object();

    /** Changed under {@link #sessionLock} only. */
    private final AtomicInteger alive = new AtomicInteger();

    private int lastNumber = -1;

    /** A thread is just having the kernel forget what there is too much of. */
    private final AtomicBoolean forgetting = new AtomicBoolean();

    /** A thread has heard that the connection is no more: from the kernel, or from {@link #takeNoMore}. */
    private volatile boolean disconnected;

    /**
     * @param session with {@code channel} added to it; this object destroys both
     * @param callbacks of the session
     * @param mayMapUncached as of {@link Negotiation}
     */
    Workers(
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

    /** As {@link Negotiation#canMapUncached}. */
    boolean canMapUncached() {
        return negotiation.canMapUncached();
    }

    /** Starts the first thread, and with it the service. */
    void start() {
        synchronized (sessionLock) {
            add();
        }
    }

    /** Starts another thread, if there may be one. If it can't be had, those that there are go on. */
    private void startAnother() {
        synchronized (sessionLock) {
            if (alive.get() < MOST) {
                try {
                    add();
                } catch (final OutOfMemoryError e) {
                    LOG.warn("no memory for another thread: {} serve", alive, e);
                }
            }
        }
    }

    /** Called under {@link #sessionLock}. The worker is counted and in the list before it runs. */
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

    /** A number that no worker has, nor lately had: interrupts may be on their way to that. Under {@link #sessionLock}. */
    private int nextNumber() {
        do {
            lastNumber = (lastNumber + 1) % RequestSlot.NUMBERS;
        } while (workers.containsKey(lastNumber));
        return lastNumber;
    }

    /** What a worker does all its life. */
    void serve(final Worker worker) {
        try {
            loop(worker);
        } catch (final Throwable e) {
            LOG.error("{} ends", worker.getName(), e);
        } finally {
            leave(worker);
        }
    }

    /** Whether this thread may leave, and is no longer counted among those that wait: others do. */
    private boolean isSurplus() {
        if (alive.get() <= KEPT) {
            return false;
        }
        if (waiting.decrementAndGet() > 0) {
            return true;
        }
        // Whoever waited has just been taken by a request: somebody must wait.
        waiting.incrementAndGet();
        return false;
    }

    private void loop(final Worker worker) {
        // libfuse takes the channel by reference, and may change it.
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
                LOG.debug("{} leaves: {}", worker.getName(), received);
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
            pages.answered(request);
        } else {
            worker.kind(kind);
            final int start = kind.rewrite(request);
            final ByteBuffer known = start == 0 ? request : request.slice(start, length - start);
            fuse.fuse_session_process(session, known, length - start, channel);
        }
    }

    /**
     * Has the kernel forget what it knows too much of. On a thread that serves no request, while another waits for some:
     * the kernel takes the directory's lock, and who has that may be waiting for an answer. One thread does it at a time.
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

    private void leave(final Worker worker) {
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
     * A signal has come to the program, of that thread, which waits for the request of {@code token}: it is to be given up
     * if it only waits, or if the program is to end and there is no answer soon.
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
     * Has the kernel drop its pages of a node, and ask for the attributes before it uses them again. For a thread that
     * serves a request which needs no page; waits for reads and writes of the node that are under way. A kernel that does
     * not know the node any more says so, and that is as well.
     */
    void dropData(final long node) {
        fuse.fuse_lowlevel_notify_inval_inode(channel, node, 0, 0);
    }

    /** Has the kernel ask for the attributes of a node before it uses them again. */
    void dropAttributes(final long node) {
        fuse.fuse_lowlevel_notify_inval_inode(channel, node, ATTRIBUTES_ONLY, 0);
    }

    /** Interrupts whatever is being served. */
    void interruptAll() {
        workers.values().forEach(worker -> worker.slot.interruptAny());
    }

    /** No thread takes another request. Those that wait for one wake up when the connection ends. */
    void takeNoMore() {
        synchronized (sessionLock) {
            if (alive.get() > 0) {
                fuse.fuse_session_exit(session);
            }
        }
    }

    /** How long each request that is in progress has been, in nanoseconds. */
    List<Long> ages(final long now) {
        return workers.values().stream()
                .map(worker -> worker.slot.age(now))
                .filter(age -> age >= 0)
                .toList();
    }

    /** Whether the connection has ended, though requests may still be in progress: its number may be another's by now. */
    boolean disconnected() {
        return disconnected;
    }

    boolean ended() {
        return ended.getCount() == 0;
    }

    /** Waits until no thread is left and the device is closed. */
    void awaitEnd() throws InterruptedException {
        ended.await();
    }

    /** As {@link #awaitEnd()}, for a limited time; whether it ended. */
    boolean awaitEnd(final long seconds) throws InterruptedException {
        return ended.await(seconds, TimeUnit.SECONDS);
    }
}
