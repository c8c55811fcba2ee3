package dev.ninepin.virtio.queue;

import dev.ninepin.virtio.device.MockMemory;
import dev.ninepin.virtio.device.MockRequest;
import dev.ninepin.virtio.dma.SharedMemory;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The simulated device's side of a split virtqueue, on the driver's memory. It takes requests, replies to them in any
 * order, and writes false values when a test asks for it.
 *
 * <p>It checks the driver's rules: no circular chain, device-readable descriptors before device-writable ones, no head
 * in flight twice. Any thread, one at a time.
 */
public final class MockQueue {
    private static final int NEXT = 1;
    private static final int WRITE = 2;
    private static final int INDIRECT = 4;
    private static final int NO_INTERRUPT = 1;
    private static final int NO_NOTIFY = 1;
    private static final int INDEX_MASK = 0xffff;
    private static final int DESCRIPTOR_SIZE = 16;
    private static final int USED_ELEMENT_SIZE = 8;
    private static final int RING_HEADER = 4;

    private final MockMemory dma;
    private final SharedMemory memory;
    private final int size;
    private final int descriptors;
    private final int available;
    private final int used;
    private final boolean eventIndex;
    private final Set<Integer> inFlight = new HashSet<>();
    private boolean wantsDoorbells = true;
    private int availableIndex;
    private int usedIndex;
    private int interrupts;

    /** @param eventIndex whether VIRTIO_F_EVENT_IDX was negotiated */
    public MockQueue(
            final MockMemory dma,
            final int size,
            final long descriptors,
            final long available,
            final long used,
            final boolean eventIndex) {
        this.dma = dma;
        this.memory = new SharedMemory(dma);
        this.size = size;
        this.descriptors = dma.offsetOf(descriptors, size * DESCRIPTOR_SIZE);
        this.available = dma.offsetOf(available, RING_HEADER + (size + 1) * Short.BYTES);
        this.used = dma.offsetOf(used, RING_HEADER + size * USED_ELEMENT_SIZE + Short.BYTES);
        this.eventIndex = eventIndex;
    }

    /** Takes all requests that are available and not yet taken. */
    public synchronized List<MockRequest> take() {
        final List<MockRequest> requests = new ArrayList<>();
        do {
            while (memory.getShortAcquire(available + Short.BYTES) != availableIndex) {
                final int slot = availableIndex % size;
                requests.add(read(memory.getShortPlain(available + RING_HEADER + slot * Short.BYTES)));
                availableIndex = (availableIndex + 1) & INDEX_MASK;
            }
            askForDoorbell();
            // Requests posted before the driver could see the wish for a doorbell come without one.
        } while (wantsDoorbells && memory.getShortAcquire(available + Short.BYTES) != availableIndex);
        return requests;
    }

    /** Sets whether the driver must ring the doorbell for later requests. */
    public synchronized void wantDoorbells(final boolean wanted) {
        wantsDoorbells = wanted;
        askForDoorbell();
    }

    /** Writes {@code reply} into the request's reply buffer, and returns the request to the driver. */
    public synchronized void answer(final MockRequest request, final byte... reply) {
        request.write(reply);
        push(request.head(), reply.length);
    }

    /** Adds a used element with any head and length. */
    public synchronized void push(final int head, final int length) {
        inFlight.remove(head);
        final int before = usedIndex;
        final int element = used + RING_HEADER + usedIndex % size * USED_ELEMENT_SIZE;
        memory.putIntPlain(element, head);
        memory.putIntPlain(element + Integer.BYTES, length);
        claim(before + 1);
        final int usedEvent = available + RING_HEADER + size * Short.BYTES;
        final boolean interrupt = eventIndex
                ? Virtqueue.hasPassed(memory.getShortOpaque(usedEvent), before, usedIndex)
                : (memory.getShortOpaque(available) & NO_INTERRUPT) == 0;
        interrupts += interrupt ? 1 : 0;
    }

    /** Sets the used index to {@code index}, whether or not the used elements up to it exist. */
    public synchronized void claim(final int index) {
        usedIndex = index & INDEX_MASK;
        memory.putShortRelease(used + Short.BYTES, usedIndex);
        VarHandle.fullFence();
    }

    /** Returns the used index after the last reply. */
    public synchronized int usedIndex() {
        return usedIndex;
    }

    /** Returns how many interrupts the device would have raised. */
    public synchronized int interrupts() {
        return interrupts;
    }

    private void askForDoorbell() {
        if (eventIndex) {
            final int event = wantsDoorbells ? availableIndex : availableIndex - 1;
            memory.putShortOpaque(used + RING_HEADER + size * USED_ELEMENT_SIZE, event);
        } else {
            memory.putShortOpaque(used, wantsDoorbells ? 0 : NO_NOTIFY);
        }
        VarHandle.fullFence();
    }

    private MockRequest read(final int head) {
        check(head < size, "a head beyond the queue");
        check(inFlight.add(head), "a head that is in flight already");
        final int first = descriptors + head * DESCRIPTOR_SIZE;
        if ((flags(first) & INDIRECT) == 0) {
            return MockRequest.read(head, dma, chain(descriptors, head, size));
        }
        check((flags(first) & (NEXT | WRITE)) == 0, "an indirect descriptor has no other flag");
        final int bytes = length(first);
        check(bytes > 0 && bytes % DESCRIPTOR_SIZE == 0, "a table of whole descriptors");
        final int table = dma.offsetOf(memory.getLongPlain(first), bytes);
        return MockRequest.read(head, dma, chain(table, 0, bytes / DESCRIPTOR_SIZE));
    }

    private List<MockRequest.Descriptor> chain(final int table, final int head, final int tableLength) {
        final List<MockRequest.Descriptor> chain = new ArrayList<>();
        int index = head;
        boolean more = true;
        while (more) {
            check(index < tableLength, "a descriptor beyond its table");
            check(chain.size() < tableLength, "a chain without a circle");
            final int at = table + index * DESCRIPTOR_SIZE;
            final int flags = flags(at);
            check((flags & INDIRECT) == 0, "no table in a table or a chain");
            final boolean writable = (flags & WRITE) != 0;
            check(writable || chain.stream().noneMatch(MockRequest.Descriptor::writable), "first reads, then writes");
            chain.add(new MockRequest.Descriptor(memory.getLongPlain(at), length(at), writable));
            more = (flags & NEXT) != 0;
            index = memory.getShortPlain(at + 14);
        }
        return chain;
    }

    private int flags(final int descriptor) {
        return memory.getShortPlain(descriptor + 12);
    }

    private int length(final int descriptor) {
        return memory.getIntPlain(descriptor + 8);
    }

    private static void check(final boolean holds, final String rule) {
        if (!holds) {
            throw new AssertionError("the driver broke a rule: " + rule);
        }
    }
}
