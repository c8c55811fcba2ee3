/** A QEMU process as a server: Ninepin starts it without a guest, and drives its virtio-9p device over qtest. */
@NullMarked
package dev.ninepin.virtio.qemu;

import org.jspecify.annotations.NullMarked;
