/** The virtio-9p device behind a PCI function, and the channel over its one queue. */
@NullMarked
package dev.ninepin.virtio.device;

import org.jspecify.annotations.NullMarked;
