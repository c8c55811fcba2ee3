package dev.ninepin.virtio.queue;

/**
 * The offsets of a split virtqueue's parts in {@code DmaMemory}, in bytes. The driver writes the descriptor table and
 * the available ring; the device writes the used ring. One descriptor table for each indirect request follows.
 *
 * <pre>
 * descriptor  address[8] length[4] flags[2] next[2]
 * available   flags[2] idx[2] ring[2]*size used_event[2]
 * used        flags[2] idx[2] (id[4] len[4])*size avail_event[2]
 * </pre>
 *
 * <p>Source: virtio 1.2, 2.7 "Split Virtqueues".
 *
 * @param base the offset of the first part; a multiple of {@link #ALIGNMENT}
 * @param queueSize the number of slots of either ring, a power of two
 * @param tables the number of indirect tables
 * @param tableLength the number of descriptors in each indirect table
 */
public record QueueLayout(int base, int queueSize, int tables, int tableLength) {
    /**
     * The alignment of each part, in bytes. More than the specification requires (16, 2 and 4 bytes): it keeps the
     * rings on cache lines of their own.
     */
    static final int ALIGNMENT = 64;

    static final int DESCRIPTOR_ADDRESS = 0;
    static final int DESCRIPTOR_LENGTH = DESCRIPTOR_ADDRESS + Long.BYTES;
    static final int DESCRIPTOR_FLAGS = DESCRIPTOR_LENGTH + Integer.BYTES;
    static final int DESCRIPTOR_NEXT = DESCRIPTOR_FLAGS + Short.BYTES;
    static final int DESCRIPTOR_SIZE = DESCRIPTOR_NEXT + Short.BYTES;

    static final int USED_ID = 0;
    static final int USED_LENGTH = USED_ID + Integer.BYTES;
    static final int USED_ELEMENT_SIZE = USED_LENGTH + Integer.BYTES;

    private static final int RING_FLAGS = 0;
    private static final int RING_INDEX = RING_FLAGS + Short.BYTES;
    private static final int RING_ELEMENTS = RING_INDEX + Short.BYTES;

    public QueueLayout {
        if (Integer.bitCount(queueSize) != 1 || queueSize > Virtqueue.MAX_SIZE) {
            throw new IllegalArgumentException("a split virtqueue has a power of two of slots, not " + queueSize);
        }
        if (base % ALIGNMENT != 0) {
            throw new IllegalArgumentException("a virtqueue starts at a multiple of " + ALIGNMENT + ", not at " + base);
        }
    }

    public int descriptorTable() {
        return base;
    }

    public int descriptorTableSize() {
        return queueSize * DESCRIPTOR_SIZE;
    }

    public int available() {
        return align(descriptorTable() + descriptorTableSize());
    }

    public int availableSize() {
        return RING_ELEMENTS + queueSize * Short.BYTES + Short.BYTES;
    }

    int availableFlags() {
        return available() + RING_FLAGS;
    }

    int availableIndex() {
        return available() + RING_INDEX;
    }

    /** Returns the offset of the ring element for the free-running {@code index}. */
    int availableElement(final int index) {
        return available() + RING_ELEMENTS + slot(index) * Short.BYTES;
    }

    /** Returns the offset of the driver's event index: the device interrupts when its used index passes the value. */
    int usedEvent() {
        return available() + RING_ELEMENTS + queueSize * Short.BYTES;
    }

    public int used() {
        return align(available() + availableSize());
    }

    public int usedSize() {
        return RING_ELEMENTS + queueSize * USED_ELEMENT_SIZE + Short.BYTES;
    }

    int usedFlags() {
        return used() + RING_FLAGS;
    }

    int usedIndex() {
        return used() + RING_INDEX;
    }

    /** Returns the offset of the ring element for the free-running {@code index}. */
    int usedElement(final int index) {
        return used() + RING_ELEMENTS + slot(index) * USED_ELEMENT_SIZE;
    }

    /**
     * Returns the offset of the device's event index: the driver must ring the doorbell when its available index passes
     * the value.
     */
    int availableEvent() {
        return used() + RING_ELEMENTS + queueSize * USED_ELEMENT_SIZE;
    }

    int table(final int number) {
        return alignTo(used() + usedSize(), tableStride()) + number * tableStride();
    }

    int tableSize() {
        return tableLength * DESCRIPTOR_SIZE;
    }

    /**
     * Returns the distance between two indirect tables, in bytes. It is a power of two, so that no table crosses a page
     * boundary: two pages need not be adjacent for the device. (Rings with at most {@link Virtqueue#MAX_SIZE} slots fit
     * in the first page.)
     */
    private int tableStride() {
        final int least = Math.max(tableSize(), ALIGNMENT);
        return Integer.highestOneBit(least - 1) << 1;
    }

    /** Returns the first offset after all parts. */
    public int end() {
        return align(table(tables));
    }

    private int slot(final int index) {
        return index & (queueSize - 1);
    }

    static int align(final int offset) {
        return alignTo(offset, ALIGNMENT);
    }

    private static int alignTo(final int offset, final int alignment) {
        return Math.addExact(offset, alignment - 1) & -alignment;
    }
}
