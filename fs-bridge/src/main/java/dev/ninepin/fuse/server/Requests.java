package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.lib.LowLevelOps;
import dev.ninepin.fuse.lib.Native;
import dev.ninepin.fuse.protocol.ReceivedRequest;
import dev.ninepin.fuse.protocol.Reply;
import dev.ninepin.operations.Errno;
import dev.ninepin.session.exchange.OperationRecorder;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The frame around each request: {@link #serve} runs its operation, sends exactly one reply, records its duration, makes
 * it interruptible, and throws nothing into native code. Runs on {@link Worker} threads. The object must stay reachable
 * for as long as the session lives, because native code calls into it.
 */
final class Requests {
    static final String LOOKUP = "lookup";

    private static final Logger LOG = LoggerFactory.getLogger(Requests.class);

    final OperationRecorder recorder = new OperationRecorder();

    private final LibFuse fuse;
    private final Failures failures;
    private final Interrupts interrupts;
    private final LowLevelOps.Interrupt interrupt = this::interrupt;
    private final long interruptFunction = Native.RUNTIME
            .getClosureManager()
            .getClosurePointer(LowLevelOps.Interrupt.class, interrupt)
            .address();

    Requests(final LibFuse fuse, final Failures failures, final Interrupts interrupts) {
        this.fuse = fuse;
        this.failures = failures;
        this.interrupts = interrupts;
    }

    /** A file operation that decodes its arguments, runs, and sends the reply. */
    @FunctionalInterface
    interface Operation {
        void run(ReceivedRequest received, Reply reply) throws IOException;
    }

    /** Runs an operation on a node, and replies with an errno if it fails. */
    void serve(final String name, final long request, final long node, final Operation operation) {
        serve(name, request, node, false, operation);
    }

    /**
     * Runs an operation as {@link #serve(String, long, long, Operation)} does.
     *
     * @param onlyWaits whether the operation can be given up at any time, as in {@link RequestSlot#enter}
     */
    void serve(
            final String name,
            final long request,
            final long node,
            final boolean onlyWaits,
            final Operation operation) {
        final long begin = System.nanoTime();
        final Worker worker = Worker.current();
        worker.reply.begin(request);
        try {
            fuse.fuse_req_interrupt_func(request, interruptFunction, worker.slot.enter(begin, onlyWaits));
            operation.run(worker.received, worker.reply);
        } catch (final Throwable e) {
            fail(name, node, worker.received, worker.reply, e);
        } finally {
            worker.slot.leave();
        }
        recorder.record(name, System.nanoTime() - begin, Failures.isFailure(name, worker.reply.errno()));
    }

    /** Replies with the errno of a failure, unless a reply was sent already. */
    void fail(
            final String name,
            final long node,
            final ReceivedRequest received,
            final Reply reply,
            final Throwable failure) {
        final int errno = failures.errno(name, node, received, failure);
        if (reply.isSent()) {
            return;
        }
        if (errno == Errno.ENOENT && name.equals(LOOKUP)) {
            reply.absent(errno);
        } else {
            reply.error(errno);
        }
    }

    /** Runs the work of a request that has no reply. */
    void serveUnanswered(final long request, final Runnable work) {
        try {
            work.run();
        } catch (final Throwable e) {
            LOG.warn("cannot handle a forget", e);
        } finally {
            fuse.fuse_reply_none(request);
        }
    }

    /** A reply that gives the kernel a node or a handle; returns whether the kernel has accepted it. */
    @FunctionalInterface
    interface Gift {
        boolean send() throws IOException;
    }

    /** The inverse of a {@link Gift}: it releases a handle or decreases a lookup count. */
    @FunctionalInterface
    interface TakingBack {
        void run() throws IOException;
    }

    /**
     * Gives the kernel a node or a handle with a reply. Takes it back if the reply cannot be sent, or if the kernel does
     * not accept it because the program no longer waits.
     */
    static void give(final Gift reply, final TakingBack takeBack) throws IOException {
        boolean taken = false;
        try {
            taken = reply.send();
        } finally {
            if (!taken) {
                takeBack.run();
            }
        }
    }

    /**
     * Handles the kernel's INTERRUPT of a request. Runs on the thread that received the INTERRUPT, which is not the
     * thread that serves the request.
     */
    private void interrupt(final long request, final long token) {
        try {
            interrupts.interrupt(token, Credentials.thread(fuse, request));
        } catch (final Throwable e) {
            LOG.warn("cannot handle an interrupt", e);
        }
    }
}
