package dev.ninepin.virtio;

/**
 * A request that the device is done with.
 *
 * @param request the number it was posted under
 * @param length the bytes that the device says it wrote into the reply's buffer, at most those posted; 0 for a request
 *     that was flushed and has no reply
 */
record Used(int request, int length) {}
