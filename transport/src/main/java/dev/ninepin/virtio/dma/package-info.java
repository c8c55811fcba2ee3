/** Memory that a device reads and writes by itself: pinned pages, physically contiguous pieces, and huge pages. */
@NullMarked
package dev.ninepin.virtio.dma;

import org.jspecify.annotations.NullMarked;
