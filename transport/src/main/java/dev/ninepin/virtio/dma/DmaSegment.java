package dev.ninepin.virtio.dma;

/**
 * A contiguous range of memory, as the device sees it.
 *
 * @param address the device's address of the first byte
 * @param length the length, in bytes
 */
public record DmaSegment(long address, int length) {}
