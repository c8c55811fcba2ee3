/**
 * A PCI function as its driver sees it: configuration space, memory-mapped registers, interrupts, and the capabilities
 * that say where virtio's registers are (virtio 1.2, section 4.1.4).
 */
@NullMarked
package dev.ninepin.virtio.pci;

import org.jspecify.annotations.NullMarked;
