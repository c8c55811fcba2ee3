/**
 * A driver for virtio-9p in user space: the split virtqueue, modern virtio-pci, and the ways to access a PCI function.
 */
@NullMarked
package dev.ninepin.virtio;

import org.jspecify.annotations.NullMarked;
