package dev.ninepin.mounted;

import java.io.IOException;

/** And what another server than QEMU may know nothing of, or do in another order. */
class DiodMountTest extends MountContract implements Consistency, MountOptions {
    DiodMountTest() throws IOException {
        super(ServerKind.DIOD_UNIX);
    }
}
