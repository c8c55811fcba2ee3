package dev.ninepin.testing;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;

/**
 * A model of open, read, write and close in illumos's driver vio9p, including the driver's faults. The 9P server behind
 * it plays the hypervisor and does not see opens and closes. Source: {@code uts/common/io/vio9p/vio9p.c}. Any thread
 * may call any method. Answers are given under the model's lock.
 */
public final class Vio9pModel {
    public static final int EINTR = 4;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EBUSY = 16;
    public static final int EINVAL = 22;
    public static final int ENOTTY = 25;
    public static final int ENOSYS = 38;
    public static final int EOVERFLOW = 75;
    public static final int EMSGSIZE = 90;

    private static final int MAX_REQUESTS = 16;
    private static final int REQUEST_SIZE = 8192;
    private static final int HEADER_SIZE = 7;
    private static final int TAG_OFFSET = 5;

    /** The end of one system call. */
    public interface Answer {
        /** Completes a read with these bytes, or a write of this many bytes. */
        void done(byte[] bytes);

        void failed(int errno);
    }

    /** One of the driver's sixteen slots: taken from the write until its reply is read or dropped. */
    private record Slot(int tag, int generation) {}

    /** A blocked call: a read, or a write of {@code message}. */
    private record Waiting(long call, int size, ByteBuffer message, Answer answer) {}

    private final Consumer<byte[]> server;

    /** A change that the hypervisor's server makes to each reply before sending it. */
    private volatile UnaryOperator<byte[]> quirk = UnaryOperator.identity();

    @GuardedBy("this")
    private boolean open;

    @GuardedBy("this")
    private int generation;

    @GuardedBy("this")
    private final List<Slot> inFlight = new ArrayList<>();

    @GuardedBy("this")
    private final Deque<byte[]> completed = new ArrayDeque<>();

    @GuardedBy("this")
    private final List<Waiting> readers = new ArrayList<>();

    @GuardedBy("this")
    private final Deque<Waiting> writers = new ArrayDeque<>();

    /** The replies held back while the server is made slow; null while it is not. */
    @GuardedBy("this")
    private List<byte[]> held;

    @GuardedBy("this")
    private IntPredicate toHold = type -> false;

    @GuardedBy("this")
    private int mostInFlight;

    @GuardedBy("this")
    private int overflows;

    @GuardedBy("this")
    private final List<Integer> requestTypes = new ArrayList<>();

    /** @param server takes each request; its replies are passed to {@link #reply} */
    public Vio9pModel(final Consumer<byte[]> server) {
        this.server = server;
    }

    /**
     * Opens the device. Returns 0, or an errno.
     *
     * @param readWrite whether the caller opens for both reading and writing
     */
    public synchronized int open(final boolean readWrite) {
        if (!readWrite) {
            return EINVAL;
        }
        if (open) {
            return EBUSY;
        }
        open = true;
        generation++;
        return 0;
    }

    /** Closes the device. Unread replies are dropped, requests in flight stay so, and the server is not notified. */
    public synchronized void release() {
        while (!completed.isEmpty()) {
            completed.remove();
            generation = 0;
        }
        open = false;
    }

    public synchronized void read(final long call, final int size, final boolean nonBlocking, final Answer answer) {
        if (!completed.isEmpty()) {
            giveCompleted(size, answer);
        } else if (nonBlocking) {
            answer.failed(EAGAIN);
        } else {
            readers.add(new Waiting(call, size, ByteBuffer.allocate(0), answer));
        }
    }

    public synchronized void write(
            final long call, final byte[] message, final boolean nonBlocking, final Answer answer) {
        if (message.length < HEADER_SIZE) {
            answer.failed(EINVAL);
        } else if (message.length > REQUEST_SIZE) {
            answer.failed(EMSGSIZE);
        } else if (slotsTaken() < MAX_REQUESTS) {
            submit(message, answer);
        } else if (nonBlocking) {
            answer.failed(EAGAIN);
        } else {
            writers.add(new Waiting(call, 0, ByteBuffer.wrap(message), answer));
        }
    }

    /** Interrupts a call, as a signal to its thread does. */
    public synchronized void interrupt(final long call) {
        for (final Iterator<Waiting> each = readers.iterator(); each.hasNext(); ) {
            final Waiting reader = each.next();
            if (reader.call() == call) {
                each.remove();
                reader.answer().failed(EINTR);
            }
        }
        for (final Iterator<Waiting> each = writers.iterator(); each.hasNext(); ) {
            final Waiting writer = each.next();
            if (writer.call() == call) {
                each.remove();
                writer.answer().failed(ENOMEM);
            }
        }
    }

    /** Takes a reply of the server. */
    public synchronized void reply(final byte[] message) {
        final byte[] reply = quirk.apply(message);
        if (held != null && toHold.test(message[TAG_OFFSET - 1] & 0xff)) {
            held.add(reply);
        } else {
            complete(reply, tag(message));
        }
    }

    /** Holds back all further replies. */
    public void hold() {
        hold(type -> true);
    }

    /** Holds back further replies of these types. */
    public synchronized void hold(final IntPredicate types) {
        held = new ArrayList<>();
        toHold = types;
    }

    /** Returns how many replies are held back. */
    public synchronized int heldReplies() {
        return held == null ? 0 : held.size();
    }

    /** Sends the replies held back, the last one first, and stops holding replies back. */
    public synchronized void releaseReversed() {
        Collections.reverse(held);
        releaseInOrder();
    }

    /** Sends the replies held back, and stops holding replies back. */
    public synchronized void releaseInOrder() {
        final List<byte[]> replies = held;
        held = null;
        replies.forEach(reply -> complete(reply, tag(reply)));
    }

    public void quirk(final UnaryOperator<byte[]> change) {
        quirk = change;
    }

    public synchronized int mostInFlight() {
        return mostInFlight;
    }

    public synchronized int inFlight() {
        return inFlight.size();
    }

    /** Returns how often a read's buffer was too small. */
    public synchronized int overflows() {
        return overflows;
    }

    /** Returns the types of all requests so far. */
    public synchronized List<Integer> requestTypes() {
        return List.copyOf(requestTypes);
    }

    public synchronized boolean isOpen() {
        return open;
    }

    /** Returns whether a read waits for a reply. */
    public synchronized boolean isRead() {
        return !readers.isEmpty();
    }

    @GuardedBy("this")
    private void submit(final byte[] message, final Answer answer) {
        inFlight.add(new Slot(tag(message), generation));
        mostInFlight = Math.max(mostInFlight, inFlight.size());
        requestTypes.add(message[TAG_OFFSET - 1] & 0xff);
        answer.done(message);
        server.accept(message);
    }

    @GuardedBy("this")
    private void complete(final byte[] reply, final int tag) {
        final Slot slot = inFlight.stream()
                .filter(each -> each.tag() == tag)
                .findFirst()
                .orElseThrow(() -> new AssertionError("a reply to nothing, tag " + tag));
        inFlight.remove(slot);
        if (!open || slot.generation() != generation) {
            freed();
            return;
        }
        completed.add(reply);
        if (!readers.isEmpty()) {
            final Waiting reader = readers.remove(0);
            giveCompleted(reader.size(), reader.answer());
        }
    }

    @GuardedBy("this")
    private void giveCompleted(final int size, final Answer answer) {
        final byte[] reply = completed.element();
        if (reply.length > size) {
            overflows++;
            answer.failed(EOVERFLOW);
            return;
        }
        completed.remove();
        answer.done(reply);
        freed();
    }

    /** Frees a slot. That this also ends the generation is a fault of the driver, which the model reproduces. */
    @GuardedBy("this")
    private void freed() {
        generation = 0;
        if (!writers.isEmpty()) {
            final Waiting writer = writers.remove();
            final byte[] message = new byte[writer.message().remaining()];
            writer.message().get(message);
            submit(message, writer.answer());
        }
    }

    @GuardedBy("this")
    private int slotsTaken() {
        return inFlight.size() + completed.size();
    }

    private static int tag(final byte[] message) {
        return ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN).getShort(TAG_OFFSET) & 0xffff;
    }
}
