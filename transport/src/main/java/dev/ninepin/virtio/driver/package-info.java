/**
 * The virtio-9p devices of this machine: finding them in sysfs, taking them from the kernel's drivers, and access to them
 * through VFIO, UIO or sysfs.
 */
@NullMarked
package dev.ninepin.virtio.driver;

import org.jspecify.annotations.NullMarked;
