/**
 * The split virtqueue (virtio 1.2, section 2.7): its layout in memory, its descriptors, and the order of accesses.
 */
@NullMarked
package dev.ninepin.virtio.queue;

import org.jspecify.annotations.NullMarked;
