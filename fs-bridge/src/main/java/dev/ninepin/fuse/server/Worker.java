package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.lib.Native;
import dev.ninepin.fuse.protocol.ReceivedRequest;
import dev.ninepin.fuse.protocol.Reply;
import dev.ninepin.operations.Timeouts;
import dev.ninepin.os.LibC;
import dev.ninepin.os.WakeSignal;
import dev.ninepin.p9.ByteString;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A thread that receives requests from the kernel and serves them one at a time; libfuse's callbacks run on it. Holds
 * the memory of one request and its reply.
 */
final class Worker extends Thread {
    final RequestSlot slot;
    final ReceivedRequest received = new ReceivedRequest();
    final Reply reply;

    /** The bytes of the receive buffer that stay in memory, enough for all requests but large writes. */
    static final int SMALL = 1 << 16;

    /** madvise(2): the contents are not needed; the pages are zero when they are used again. */
    private static final int MADV_DONTNEED = 4;

    private final Consumer<Worker> loop;

    /** A request from another program, which is served first; null if there is none. */
    final @Nullable ByteString first;

    /** The thread's {@code pthread_self}; 0 before it runs. */
    private volatile long thread;

    /** Whether the thread is in the system call that receives a request, or about to be. */
    private volatile boolean receiving;

    /**
     * Creates a worker.
     *
     * @param first the request to serve first; null if there is none
     * @param loop receives and serves requests until the worker may end; runs on the worker's thread
     */
    Worker(
            final RequestSlots slots,
            final LibFuse fuse,
            final Timeouts timeouts,
            final @Nullable ByteString first,
            final Consumer<Worker> loop) {
        this.first = first;
        this.loop = loop;
        reply = new Reply(fuse, timeouts);
        slot = slots.add(this);
        setName("ninepin-fuse-" + slot.number());
        setDaemon(true);
    }

    /** Returns the worker of the current thread. Must be called on a worker's thread, that is, in a callback. */
    static Worker current() {
        return (Worker) Thread.currentThread();
    }

    /** Gives the memory of the receive buffer back to the system, except for the beginning. It can be used as before. */
    void releaseMemory() {
        final LibC libc = LibC.get();
        final long page = libc.getpagesize();
        final long end = (received.address() + ReceivedRequest.BUFFER_SIZE) & -page;
        final long start = (received.address() + SMALL + page - 1) & -page;
        libc.madvise(Native.at(start), end - start, MADV_DONTNEED);
    }

    /** Records whether the thread is in the system call that receives a request. Called on the worker's thread. */
    void setReceiving(final boolean now) {
        receiving = now;
    }

    /** Ends the system call that receives a request, if the thread is in it. The thread must not have ended. */
    void wakeReceiver() {
        final long itself = thread;
        if (receiving && itself != 0) {
            WakeSignal.send(itself);
        }
    }

    @Override
    public void run() {
        thread = LibC.get().pthread_self();
        loop.accept(this);
    }
}
