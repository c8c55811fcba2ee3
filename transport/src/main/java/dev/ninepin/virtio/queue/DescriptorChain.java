package dev.ninepin.virtio.queue;

import dev.ninepin.virtio.dma.DmaSegment;
import dev.ninepin.virtio.dma.SharedMemory;
import java.util.List;

/**
 * The chain of descriptors of one request, written into consecutive slots of a table: the queue's or an indirect one.
 * Only the sender uses it. Source: virtio 1.2, 2.7.5.
 *
 * <p>Every access is plain: the device reads descriptors only after it has seen the available index that the sender
 * stores afterwards.
 */
final class DescriptorChain {
    private static final int HAS_NEXT = 1;
    private static final int FOR_DEVICE_TO_WRITE = 2;
    private static final int IS_TABLE = 4;

    private final SharedMemory memory;
    private final int table;
    private final int first;
    private final int longest;
    private int length;

    /**
     * @param table the offset of the table in {@code memory}, in bytes
     * @param first the first slot to use
     * @param longest the number of slots available to the chain
     */
    DescriptorChain(final SharedMemory memory, final int table, final int first, final int longest) {
        this.memory = memory;
        this.table = table;
        this.first = first;
        this.longest = longest;
    }

    /** Returns the number of descriptors written so far. */
    int length() {
        return length;
    }

    /**
     * Appends descriptors for the first {@code bytes} bytes of {@code segments}. Device-readable segments must come
     * before device-writable ones.
     */
    void add(final List<DmaSegment> segments, final int bytes, final boolean forDeviceToWrite) {
        int left = bytes;
        for (int i = 0; left > 0; i++) {
            final DmaSegment segment = segments.get(i);
            final int part = Math.min(left, segment.length());
            add(segment.address(), part, (forDeviceToWrite ? FOR_DEVICE_TO_WRITE : 0) | HAS_NEXT);
            left -= part;
        }
    }

    /** Appends a descriptor that refers to an indirect table at {@code address} with {@code descriptors} entries. */
    void addTable(final long address, final int descriptors) {
        add(address, descriptors * QueueLayout.DESCRIPTOR_SIZE, IS_TABLE);
    }

    /** Marks the last descriptor as the end of the chain. */
    void end() {
        final int flags = offset(first + length - 1) + QueueLayout.DESCRIPTOR_FLAGS;
        memory.putShortPlain(flags, memory.getShortPlain(flags) & ~HAS_NEXT);
    }

    private void add(final long address, final int bytes, final int flags) {
        if (length == longest) {
            throw new IllegalArgumentException("descriptor chain too long: at most " + longest + " descriptors fit");
        }
        final int offset = offset(first + length);
        length++;
        memory.putLongPlain(offset + QueueLayout.DESCRIPTOR_ADDRESS, address);
        memory.putIntPlain(offset + QueueLayout.DESCRIPTOR_LENGTH, bytes);
        memory.putShortPlain(offset + QueueLayout.DESCRIPTOR_FLAGS, flags);
        memory.putShortPlain(offset + QueueLayout.DESCRIPTOR_NEXT, first + length);
    }

    private int offset(final int slot) {
        return table + slot * QueueLayout.DESCRIPTOR_SIZE;
    }
}
