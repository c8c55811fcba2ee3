package dev.ninepin.virtio;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a channel's messages, in two sizes. Each {@link RequestSlot} has two small buffers for its own, which
 * suffice for all but data; and there is a stock of large ones, of the largest message each, bounded by what they cost
 * together. What was given back last is lent first, so memory that was never needed is never touched.
 *
 * <p>A slot is lent together with the large buffers it needs, or not at all: so nobody who waits holds what another one
 * waits for, and what is lent comes back as replies are closed. Any thread.
 */
final class MessageMemory {
    /** A small buffer takes a path of PATH_MAX, a page of data, or several names, and what is around them. */
    static final int SMALL = 4096 + 512;

    /** What the large buffers may cost together; enough for 128 requests of 512 KiB. */
    private static final int STOCK = 64 << 20;

    /** However large they are: a request and its reply, for one thread that reads and one that writes ahead. */
    private static final int LEAST_LARGE = 4;

    private static final int PAGE = 4096;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition givenBack = lock.newCondition();

    /** Guarded by {@link #lock}; the last in is the first out, as with {@link #freeLarge}. */
    private final Deque<RequestSlot> freeSlots = new ArrayDeque<>();

    /** Guarded by {@link #lock}. */
    private final Deque<DmaBuffer> freeLarge = new ArrayDeque<>();

    /** Guarded by {@link #lock}. */
    private boolean closed;

    private final List<RequestSlot> slots;
    private final int maxDataRequests;

    /**
     * @param offset of the first byte in {@code memory} that is ours
     * @param slotCount how many requests may be in flight
     * @param largest message, in bytes
     */
    MessageMemory(final DmaMemory memory, final int offset, final int slotCount, final int largest) {
        final List<RequestSlot> all = new ArrayList<>();
        int next = offset;
        for (int i = 0; i < slotCount; i++) {
            all.add(new RequestSlot(i, DmaBuffer.of(memory, next, SMALL), DmaBuffer.of(memory, next + SMALL, SMALL)));
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

    /** The bytes that it takes. */
    static int sizeFor(final int slotCount, final int largest) {
        final int small = Math.multiplyExact(slotCount, 2 * SMALL) + PAGE;
        return Math.addExact(small, Math.multiplyExact(largeCount(slotCount, largest), align(largest)));
    }

    /** Whether a message of {@code size} bytes takes a large buffer. */
    static boolean isLarge(final int size) {
        return size > SMALL;
    }

    /** How many slots may be lent at once of which each needs one large buffer. */
    int maxDataRequests() {
        return maxDataRequests;
    }

    /**
     * Lends a slot, if there is one and the buffers it needs; null otherwise.
     *
     * @param messageSize bytes of the request
     * @param replySize bytes that its reply may have
     */
    @Nullable
    RequestSlot tryTake(final int messageSize, final int replySize) {
        lock.lock();
        try {
            return lend(messageSize, replySize);
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #tryTake}, but waits, whether interrupted or not; null if it was closed before. */
    @Nullable
    RequestSlot take(final int messageSize, final int replySize) {
        lock.lock();
        try {
            while (!closed) {
                final @Nullable RequestSlot slot = lend(messageSize, replySize);
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

    void giveBack(final RequestSlot slot) {
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

    /** The slot of a request in flight. */
    RequestSlot slot(final int number) {
        return slots.get(number);
    }

    /** Lends nothing any more to those who wait. What is lent stays as it is. */
    void close() {
        lock.lock();
        try {
            closed = true;
            givenBack.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The caller holds {@link #lock}. */
    private @Nullable RequestSlot lend(final int messageSize, final int replySize) {
        final int large = (isLarge(messageSize) ? 1 : 0) + (isLarge(replySize) ? 1 : 0);
        if (freeSlots.isEmpty() || freeLarge.size() < large) {
            return null;
        }
        final RequestSlot slot = freeSlots.pop();
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
