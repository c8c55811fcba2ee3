package dev.ninepin.virtio.queue;

import dev.ninepin.virtio.dma.DmaMemory;
import dev.ninepin.virtio.dma.DmaSegment;
import dev.ninepin.virtio.dma.SharedMemory;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/**
 * The driver's side of a split virtqueue. Each request is a message for the device to read, and a buffer for its reply.
 *
 * <p>The caller gives each request a number below {@link #capacity} that is not in flight. Each number has its own
 * descriptors: with indirect descriptors, one slot of the descriptor table and one indirect table; without them, as
 * many slots as the longest chain needs. So nothing is ever searched for. A number is free again once {@link #poll} has
 * returned it.
 *
 * <p>Two threads use the queue, without a lock: the sender calls {@link #post} and {@link #needsDoorbell}, the reply
 * reader calls {@link #poll} and {@link #requestInterrupt}. The device is not trusted: values that it writes are checked
 * before use.
 *
 * <p>Source: virtio 1.2, 2.7.
 */
public final class Virtqueue {
    /** The largest number of slots to use; QEMU's virtio-9p has exactly as many. */
    public static final int MAX_SIZE = 128;

    private static final int AVAILABLE_NO_INTERRUPT = 1;
    private static final int USED_NO_NOTIFY = 1;
    private static final int INDEX_MASK = 0xffff;
    private static final int NOT_IN_FLIGHT = -1;

    private final QueueLayout layout;
    private final SharedMemory memory;
    private final boolean indirect;
    private final boolean eventIndex;
    private final int chainLength;
    private final long[] tableAddresses;

    /**
     * The size of the reply buffer of each request in flight, in bytes. The sender sets it, the reply reader clears it.
     */
    private final AtomicIntegerArray room;

    // Used by the sender only.
    private int availableIndex;
    private int indexAtLastDoorbell;

    // Used by the reply reader only.
    private int usedIndex;

    /**
     * Takes over the memory of {@code layout}, which no device may use yet.
     *
     * @param features the negotiated features; only {@link VirtioFeatures#INDIRECT_DESC} and {@link
     *     VirtioFeatures#EVENT_IDX} matter
     * @param chainLength the largest number of segments of a request and its reply buffer together
     */
    public Virtqueue(
            final DmaMemory dma, final QueueLayout layout, final VirtioFeatures features, final int chainLength) {
        this.layout = layout;
        this.memory = new SharedMemory(dma);
        this.indirect = features.has(VirtioFeatures.INDIRECT_DESC);
        this.eventIndex = features.has(VirtioFeatures.EVENT_IDX);
        this.chainLength = chainLength;
        if (capacity() == 0 || (indirect && (layout.tables() < capacity() || layout.tableLength() < chainLength))) {
            throw new IllegalArgumentException("chains of " + chainLength + " do not fit " + layout);
        }
        this.tableAddresses = new long[indirect ? capacity() : 0];
        for (int i = 0; i < tableAddresses.length; i++) {
            tableAddresses[i] = dma.addressOf(layout.table(i), layout.tableSize());
        }
        this.room = new AtomicIntegerArray(capacity());
        for (int i = 0; i < room.length(); i++) {
            room.setPlain(i, NOT_IN_FLIGHT);
        }
        // Plain: the device learns of this memory only when the queue is enabled, by a write to its registers.
        memory.clear(layout.base(), layout.end() - layout.base());
        suppressInterrupts();
    }

    /** Returns how many requests may be in flight. Any thread. */
    public int capacity() {
        return capacity(layout.queueSize(), indirect, chainLength);
    }

    public static int capacity(final int queueSize, final boolean indirect, final int chainLength) {
        return indirect ? queueSize : queueSize / chainLength;
    }

    /**
     * Makes a request available to the device. The device may process it at once, but need not before it gets the
     * doorbell. Only the sender calls this.
     *
     * @param request the number of the request, not in flight
     * @param readable the segments of the message
     * @param length the length of the message, in bytes
     * @param writable the segments of the reply buffer
     * @param answerRoom the number of bytes of the reply buffer that the device may write
     * @throws IllegalStateException if {@code request} is in flight
     */
    public void post(
            final int request,
            final List<DmaSegment> readable,
            final int length,
            final List<DmaSegment> writable,
            final int answerRoom) {
        // Acquire: pairs with the release in poll, so that the reader's accesses to the request precede the writes
        // below.
        if (room.getAcquire(request) != NOT_IN_FLIGHT) {
            throw new IllegalStateException("request " + request + " is in flight");
        }
        final int head = indirect ? request : request * chainLength;
        final DescriptorChain chain = indirect
                ? new DescriptorChain(memory, layout.table(request), 0, chainLength)
                : new DescriptorChain(memory, layout.descriptorTable(), head, chainLength);
        chain.add(readable, length, false);
        chain.add(writable, answerRoom, true);
        chain.end();
        if (indirect) {
            final DescriptorChain only = new DescriptorChain(memory, layout.descriptorTable(), head, 1);
            only.addTable(tableAddresses[request], chain.length());
        }
        // Plain: the device reads this element only after it has seen the index below.
        memory.putShortPlain(layout.availableElement(availableIndex), head);
        // Release: the reader may get the request back as soon as the index below is visible.
        room.setRelease(request, answerRoom);
        availableIndex = (availableIndex + 1) & INDEX_MASK;
        // Release (2.7.13.3): message, descriptors and ring element must be visible before the index that announces
        // them.
        memory.putShortRelease(layout.availableIndex(), availableIndex);
    }

    /**
     * Returns whether the device needs a doorbell for the requests posted since the last call. Only the sender calls
     * this.
     */
    public boolean needsDoorbell() {
        final int before = indexAtLastDoorbell;
        indexAtLastDoorbell = availableIndex;
        if (before == availableIndex) {
            return false;
        }
        // Full fence (2.7.13.4.1): the index must be visible before the driver reads whether the device waits for it.
        // The device does the reverse: it stores what it waits for, then reads the index. So at least one side sees the
        // other's store.
        VarHandle.fullFence();
        if (eventIndex) {
            // Opaque: the fence above provides the order, and no later read relies on this value.
            final int event = memory.getShortOpaque(layout.availableEvent());
            return hasPassed(event, before, availableIndex);
        }
        // Opaque: as above.
        return (memory.getShortOpaque(layout.usedFlags()) & USED_NO_NOTIFY) == 0;
    }

    /**
     * Returns the next request that the device has finished, or null if there is none yet. Only the reply reader calls
     * this.
     *
     * @throws IOException if the device wrote an impossible value; the queue is unusable then
     */
    @Nullable
    public Used poll() throws IOException {
        // Acquire (2.7.14): the element and the reply must not be read before the index that announces them.
        final int index = memory.getShortAcquire(layout.usedIndex());
        final int fresh = (index - usedIndex) & INDEX_MASK;
        if (fresh == 0) {
            return null;
        }
        if (fresh > layout.queueSize()) {
            throw new IOException("the device reports " + fresh + " answered requests at once, but its queue has "
                    + layout.queueSize() + " slots");
        }
        final int element = layout.usedElement(usedIndex);
        // Plain, both: they follow the acquire above, and the device does not rewrite a used element.
        final int head = memory.getIntPlain(element + QueueLayout.USED_ID);
        final int length = memory.getIntPlain(element + QueueLayout.USED_LENGTH);
        final Used used = check(head, length);
        usedIndex = (usedIndex + 1) & INDEX_MASK;
        suppressInterrupts();
        return used;
    }

    /**
     * Requests an interrupt for the next reply. Only the reply reader calls this, right before it sleeps. A {@link
     * #poll} that finds a reply withdraws the request.
     *
     * @return true if no reply is there yet, so that the interrupt will come; false if a reply is there, for which none
     *     may come
     */
    public boolean requestInterrupt() {
        if (eventIndex) {
            // Opaque: the fence below provides the order.
            memory.putShortOpaque(layout.usedEvent(), usedIndex);
        } else {
            // Opaque: as above.
            memory.putShortOpaque(layout.availableFlags(), 0);
        }
        // Full fence (2.7.10): the request for an interrupt must be visible before the driver reads the index. The
        // device does the reverse: it stores its index, then reads the request. So at least one side sees the other's
        // store.
        VarHandle.fullFence();
        // Opaque: no later read relies on this value; poll reads the index again.
        return memory.getShortOpaque(layout.usedIndex()) == usedIndex;
    }

    private Used check(final int head, final int length) throws IOException {
        final int request = indirect || head % chainLength != 0 ? head : head / chainLength;
        final boolean isHead = indirect || head % chainLength == 0;
        // Acquire: pairs with the release in post.
        if (!isHead || request < 0 || request >= room.length() || room.getAcquire(request) == NOT_IN_FLIGHT) {
            throw new IOException(
                    "the device answered descriptor " + Integer.toUnsignedString(head) + ", which is not in flight");
        }
        final int posted = room.getPlain(request);
        if (Integer.compareUnsigned(length, posted) > 0) {
            throw new IOException("the device says that it wrote " + Integer.toUnsignedString(length)
                    + " bytes into room for " + posted);
        }
        // Release: pairs with the acquire in post.
        room.setRelease(request, NOT_IN_FLIGHT);
        return new Used(request, length);
    }

    /**
     * Tells the device not to interrupt while the reader is awake. With the event index, the driver stores an index
     * that the device has passed already, and will not pass again for 65535 replies (2.7.10). So the stored index
     * advances with each reply.
     */
    private void suppressInterrupts() {
        if (eventIndex) {
            // Opaque: a hint, which the device may see late.
            memory.putShortOpaque(layout.usedEvent(), usedIndex - 1);
        } else {
            // Opaque: as above.
            memory.putShortOpaque(layout.availableFlags(), AVAILABLE_NO_INTERRUPT);
        }
    }

    /**
     * Returns whether {@code event} is one of the indexes from {@code before} to just before {@code now} (2.7.10.1).
     */
    static boolean hasPassed(final int event, final int before, final int now) {
        return ((now - event - 1) & INDEX_MASK) < ((now - before) & INDEX_MASK);
    }
}
