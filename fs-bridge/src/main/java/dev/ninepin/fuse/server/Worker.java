package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.protocol.ReceivedRequest;
import dev.ninepin.fuse.protocol.Reply;
import dev.ninepin.operations.CacheMode;
import java.util.function.Consumer;

/**
 * A thread that receives requests from the kernel and serves them one at a time; libfuse's callbacks run on it. Holds
 * the memory of one request and its reply.
 */
final class Worker extends Thread {
    final RequestSlot slot;
    final ReceivedRequest received = new ReceivedRequest();
    final Reply reply;

    private final Consumer<Worker> loop;

    /** @param loop receives and serves requests until the worker may end; runs on the worker's thread */
    Worker(final RequestSlots slots, final LibFuse fuse, final CacheMode cache, final Consumer<Worker> loop) {
        this.loop = loop;
        reply = new Reply(fuse, cache);
        slot = slots.add(this);
        setName("ninepin-fuse-" + slot.number());
        setDaemon(true);
    }

    /** Returns the worker of the current thread. Must be called on a worker's thread, that is, in a callback. */
    static Worker current() {
        return (Worker) Thread.currentThread();
    }

    @Override
    public void run() {
        loop.accept(this);
    }
}
