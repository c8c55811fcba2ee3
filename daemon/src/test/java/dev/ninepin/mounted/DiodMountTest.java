package dev.ninepin.mounted;

import dev.ninepin.testing.ServerKind;
import java.io.IOException;

/**
 * The mount contract over diod, with the tests of features that servers other than QEMU may lack or order differently.
 */
class DiodMountTest extends MountContract implements Consistency, MountOptions {
    DiodMountTest() throws IOException {
        super(ServerKind.DIOD_UNIX);
    }
}
