package dev.ninepin.virtio;

import java.util.List;

/**
 * Writes the descriptors of one request, each pointing to the next, into slots that follow one another in a table: the
 * queue's, or an indirect one. Of the sender. Source: virtio 1.2, 2.7.5.
 *
 * <p>Every access is plain: the device reads descriptors only once it has seen the available index behind them.
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
     * @param table the offset of the table
     * @param first the slot to start with
     * @param longest how many slots there are
     */
    DescriptorChain(final SharedMemory memory, final int table, final int first, final int longest) {
        this.memory = memory;
        this.table = table;
        this.first = first;
        this.longest = longest;
    }

    /** How many descriptors there are so far. */
    int length() {
        return length;
    }

    /** Describes the first {@code bytes} bytes of {@code segments}; those to read come before those to write. */
    void add(final List<DmaSegment> segments, final int bytes, final boolean forDeviceToWrite) {
        int left = bytes;
        for (int i = 0; left > 0; i++) {
            final DmaSegment segment = segments.get(i);
            final int part = Math.min(left, segment.length());
            add(segment.address(), part, (forDeviceToWrite ? FOR_DEVICE_TO_WRITE : 0) | HAS_NEXT);
            left -= part;
        }
    }

    /** Refers to a table at {@code address} that holds the {@code descriptors} of the request. */
    void addTable(final long address, final int descriptors) {
        add(address, descriptors * QueueLayout.DESCRIPTOR_SIZE, IS_TABLE);
    }

    /** Says that nothing follows. */
    void end() {
        final int flags = offset(first + length - 1) + QueueLayout.DESCRIPTOR_FLAGS;
        memory.putShortPlain(flags, memory.getShortPlain(flags) & ~HAS_NEXT);
    }

    private void add(final long address, final int bytes, final int flags) {
        if (length == longest) {
            throw new IllegalArgumentException("a chain has at most " + longest + " descriptors");
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
