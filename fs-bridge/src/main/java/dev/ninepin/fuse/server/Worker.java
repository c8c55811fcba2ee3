package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.lib.Native;
import dev.ninepin.fuse.protocol.ReceivedRequest;
import dev.ninepin.fuse.protocol.Reply;
import dev.ninepin.operations.Timeouts;
import dev.ninepin.os.LibC;
import java.util.function.Consumer;

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

    /** @param loop receives and serves requests until the worker may end; runs on the worker's thread */
    Worker(final RequestSlots slots, final LibFuse fuse, final Timeouts timeouts, final Consumer<Worker> loop) {
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

    @Override
    public void run() {
        loop.accept(this);
    }
}
