/** Virtio-9p driven from user space: the split virtqueue, modern virtio-pci, and the ways to reach a PCI function. */
@NullMarked
package dev.ninepin.virtio;

import org.jspecify.annotations.NullMarked;
