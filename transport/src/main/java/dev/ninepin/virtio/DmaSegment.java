package dev.ninepin.virtio;

/**
 * A run of memory as the device sees it.
 *
 * @param address the device's address of the first byte
 * @param length bytes
 */
public record DmaSegment(long address, int length) {}
