package dev.ninepin.virtio;

import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/**
 * The driver's side of a split virtqueue whose requests are a message for the device to read and room for its answer.
 *
 * <p>A request has a number, from 0 to {@link #capacity}, which the caller chooses among those not in flight, and with
 * it descriptors of its own: with indirect descriptors one slot of the ring and a table beside it, without them as
 * many slots as its chain is long. So nothing is ever searched for, and a number is free again once {@link #poll} gave
 * it back.
 *
 * <p>Two threads, without a lock: the sender calls {@link #post} and {@link #needsDoorbell}, the reply reader calls
 * {@link #poll}. The device is not trusted: what it writes is checked before it is used.
 *
 * <p>Source: virtio 1.2, 2.7.
 */
final class Virtqueue {
    /** The most slots that are used of a device's queue; QEMU's virtio-9p has exactly as many. */
    static final int MAX_SIZE = 128;

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

    /** The room for the answer of each request in flight, in bytes; set by the sender, cleared by the reply reader. */
    private final AtomicIntegerArray room;

    // Of the sender.
    private int availableIndex;
    private int indexAtLastDoorbell;

    // Of the reply reader.
    private int usedIndex;

    /**
     * Takes over the memory of {@code layout}, which no device uses yet.
     *
     * @param features those negotiated; {@link VirtioFeatures#INDIRECT_DESC} and {@link VirtioFeatures#EVENT_IDX} matter
     * @param chainLength the most segments that one request and its answer's room have together
     */
    Virtqueue(final DmaMemory dma, final QueueLayout layout, final VirtioFeatures features, final int chainLength) {
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
        // Plain: the device learns of this memory only when the queue is enabled, which is a write to its registers.
        memory.clear(layout.base(), layout.end() - layout.base());
        suppressInterrupts();
    }

    /** How many requests may be in flight. Any thread. */
    int capacity() {
        return capacity(layout.queueSize(), indirect, chainLength);
    }

    static int capacity(final int queueSize, final boolean indirect, final int chainLength) {
        return indirect ? queueSize : queueSize / chainLength;
    }

    /**
     * Makes a request available to the device, which may take it up at once, but need not before it hears the doorbell.
     * Only the sender calls this.
     *
     * @param request its number, not in flight
     * @param readable where the message is
     * @param length of the message
     * @param writable where the answer may go
     * @param answerRoom how much of that
     */
    void post(
            final int request,
            final List<DmaSegment> readable,
            final int length,
            final List<DmaSegment> writable,
            final int answerRoom) {
        // Acquire: pairs with the release in poll, so that what the reader did with the request lies behind us.
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
        // Plain: the device looks at this element only once it has seen the index below.
        memory.putShortPlain(layout.availableElement(availableIndex), head);
        // Release: the reader may get the request back as soon as the index below is out.
        room.setRelease(request, answerRoom);
        availableIndex = (availableIndex + 1) & INDEX_MASK;
        // Release (2.7.13.3): message, descriptors and ring element must be there before the index says so.
        memory.putShortRelease(layout.availableIndex(), availableIndex);
    }

    /** Whether the device wants to hear the doorbell for what was posted since the last call. Only the sender calls. */
    boolean needsDoorbell() {
        final int before = indexAtLastDoorbell;
        indexAtLastDoorbell = availableIndex;
        if (before == availableIndex) {
            return false;
        }
        // Full fence (2.7.13.4.1): our index must be out before we look whether the device waits for it. The device
        // does the reverse, says what it waits for and then looks at our index, so that one of us sees the other.
        VarHandle.fullFence();
        if (eventIndex) {
            // Opaque: the fence above gives the order; nothing is read on the strength of this value.
            final int event = memory.getShortOpaque(layout.availableEvent());
            return hasPassed(event, before, availableIndex);
        }
        // Opaque: as above.
        return (memory.getShortOpaque(layout.usedFlags()) & USED_NO_NOTIFY) == 0;
    }

    /**
     * The next request that the device is done with, or null if there is none yet. Only the reply reader calls this.
     *
     * @throws IOException if the device wrote what can't be; the queue is of no more use then
     */
    @Nullable
    Used poll() throws IOException {
        // Acquire (2.7.14): the element and the answer must not be read before the index that announces them.
        final int index = memory.getShortAcquire(layout.usedIndex());
        final int fresh = (index - usedIndex) & INDEX_MASK;
        if (fresh == 0) {
            return null;
        }
        if (fresh > layout.queueSize()) {
            throw new IOException("the device says that it has answered " + fresh
                    + " requests at once, and its queue has " + layout.queueSize() + " slots");
        }
        final int element = layout.usedElement(usedIndex);
        // Plain, both: behind the acquire above, and the device does not write a used element again.
        final int head = memory.getIntPlain(element + QueueLayout.USED_ID);
        final int length = memory.getIntPlain(element + QueueLayout.USED_LENGTH);
        final Used used = check(head, length);
        usedIndex = (usedIndex + 1) & INDEX_MASK;
        suppressInterrupts();
        return used;
    }

    /**
     * Asks for an interrupt with the next answer. To be called right before sleeping, and only the reply reader does;
     * what {@link #poll} finds takes the wish back.
     *
     * @return whether there is no answer yet, so that the interrupt comes; if there is one already, it may not
     */
    boolean askForInterrupt() {
        if (eventIndex) {
            // Opaque: ordered by the fence below.
            memory.putShortOpaque(layout.usedEvent(), usedIndex);
        } else {
            // Opaque: as above.
            memory.putShortOpaque(layout.availableFlags(), 0);
        }
        // Full fence (2.7.10): our wish must be out before we look at the index. The device does the reverse, writes
        // its
        // index and then looks at our wish, so that one of us sees the other.
        VarHandle.fullFence();
        // Opaque: nothing is read on the strength of this value; poll looks again.
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
     * While the reader is awake, the device need not interrupt. With the event index that is said by an index that the device has
     * passed already, and will not pass again for 65535 answers (2.7.10); so it moves along with each answer.
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

    /** Whether {@code event} lies in the indexes from {@code before} to just before {@code now} (2.7.10.1). */
    static boolean hasPassed(final int event, final int before, final int now) {
        return ((now - event - 1) & INDEX_MASK) < ((now - before) & INDEX_MASK);
    }
}
