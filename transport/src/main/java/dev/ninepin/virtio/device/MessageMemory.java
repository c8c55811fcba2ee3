package dev.ninepin.virtio.device;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.virtio.dma.DmaBuffer;
import dev.ninepin.virtio.dma.DmaMemory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a channel's messages, in buffers of two sizes.
 *
 * <p>Each {@link RequestBuffers} owns two small buffers, which suffice for all messages but those with data. A common
 * stock has large buffers, each for a message of the largest size; their total size limits their number. The buffer
 * returned last is lent first, so memory that was never needed is never touched.
 *
 * <p>A slot is lent together with the large buffers that it needs, or not at all. So no waiting thread holds a buffer
 * that another thread waits for. Buffers come back as replies are closed. Any thread.
 */
public final class MessageMemory {
    /**
     * The size of a small buffer, in bytes. It fits a path of PATH_MAX, a page of data, or several names, together with
     * the message's other fields.
     */
    static final int SMALL = 4096 + 512;

    /** The largest total size of the large buffers, in bytes; enough for 128 requests of 128 KiB. */
    private static final int STOCK = 17 << 20;

    /**
     * The least number of large buffers, whatever their size: a request and its reply for each of two threads, one that
     * reads and one that writes ahead.
     */
    private static final int LEAST_LARGE = 4;

    private static final int PAGE = 4096;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition givenBack = lock.newCondition();

    /** A stack, as is {@link #freeLarge}. */
    @GuardedBy("lock")
    private final Deque<RequestBuffers> freeSlots = new ArrayDeque<>();

    @GuardedBy("lock")
    private final Deque<DmaBuffer> freeLarge = new ArrayDeque<>();

    @GuardedBy("lock")
    private boolean closed;

    private final List<RequestBuffers> slots;
    private final int maxDataRequests;

    /**
     * @param offset the offset in {@code memory} of the first byte to use
     * @param slotCount the number of requests that may be in flight
     * @param largest the size of the largest message, in bytes
     */
    MessageMemory(final DmaMemory memory, final int offset, final int slotCount, final int largest) {
        final List<RequestBuffers> all = new ArrayList<>();
        int next = offset;
        for (int i = 0; i < slotCount; i++) {
            all.add(new RequestBuffers(
                    i, DmaBuffer.of(memory, next, SMALL), DmaBuffer.of(memory, next + SMALL, SMALL)));
            next += 2 * SMALL;
        }
        slots = List.copyOf(all);
        freeSlots.addAll(slots);
        next = align(next);
        maxDataRequests = largest <= SMALL ? slotCount : largeCount(slotCount, largest);
        for (int i = 0; i < largeCount(slotCount, largest); i++) {
            freeLarge.add(DmaBuffer.of(memory, next, align(largest)));
            next += align(largest);
        }
    }

    /** Returns how many bytes of DMA memory the buffers take. */
    static int sizeFor(final int slotCount, final int largest) {
        final int small = Math.multiplyExact(slotCount, 2 * SMALL) + PAGE;
        return Math.addExact(small, Math.multiplyExact(largeCount(slotCount, largest), align(largest)));
    }

    /** Returns whether a message of {@code size} bytes needs a large buffer. */
    static boolean isLarge(final int size) {
        return size > SMALL;
    }

    /** Returns how many slots may be lent at once if each needs one large buffer. */
    int maxDataRequests() {
        return maxDataRequests;
    }

    /**
     * Lends a slot with the large buffers that it needs, or returns null if any of them is missing. Does not block.
     *
     * @param messageSize the size of the request, in bytes
     * @param replySize the largest size of its reply, in bytes
     */
    @Nullable
    public RequestBuffers tryTake(final int messageSize, final int replySize) {
        lock.lock();
        try {
            return lend(messageSize, replySize);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Lends a slot as {@link #tryTake} does, but blocks until it can. An interrupt does not end the wait. Returns null
     * once this is closed.
     */
    @Nullable
    RequestBuffers take(final int messageSize, final int replySize) {
        lock.lock();
        try {
            while (!closed) {
                final @Nullable RequestBuffers slot = lend(messageSize, replySize);
                if (slot != null) {
                    return slot;
                }
                givenBack.awaitUninterruptibly();
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    /** Takes back a lent slot and its large buffers, and wakes a waiting thread. */
    void giveBack(final RequestBuffers slot) {
        lock.lock();
        try {
            final @Nullable DmaBuffer largeMessage = slot.largeMessage();
            if (largeMessage != null) {
                freeLarge.push(largeMessage);
            }
            final @Nullable DmaBuffer largeReply = slot.largeReply();
            if (largeReply != null) {
                freeLarge.push(largeReply);
            }
            slot.use(null, null);
            freeSlots.push(slot);
            givenBack.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Returns the slot of the request {@code number}. */
    RequestBuffers slot(final int number) {
        return slots.get(number);
    }

    /** Ends all waits in {@link #take}, and makes later calls of it return null. Lent buffers stay valid. */
    void close() {
        lock.lock();
        try {
            closed = true;
            givenBack.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Lends a slot, or returns null. */
    @GuardedBy("lock")
    private @Nullable RequestBuffers lend(final int messageSize, final int replySize) {
        final int large = (isLarge(messageSize) ? 1 : 0) + (isLarge(replySize) ? 1 : 0);
        if (freeSlots.isEmpty() || freeLarge.size() < large) {
            return null;
        }
        final RequestBuffers slot = freeSlots.pop();
        slot.use(isLarge(messageSize) ? freeLarge.pop() : null, isLarge(replySize) ? freeLarge.pop() : null);
        return slot;
    }

    private static int largeCount(final int slotCount, final int largest) {
        return largest <= SMALL ? 0 : Math.min(slotCount, Math.max(LEAST_LARGE, STOCK / align(largest)));
    }

    private static int align(final int size) {
        return Math.addExact(size, PAGE - 1) & -PAGE;
    }
}
