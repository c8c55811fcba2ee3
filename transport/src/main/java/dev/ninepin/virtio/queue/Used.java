package dev.ninepin.virtio.queue;

/**
 * A request that the device has finished.
 *
 * @param request the number under which the request was posted
 * @param length the number of bytes that the device says it wrote into the reply buffer, at most the posted size; 0 for
 *     a request that was flushed and has no reply
 */
public record Used(int request, int length) {}
