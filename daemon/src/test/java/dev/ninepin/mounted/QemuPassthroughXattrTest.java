package dev.ninepin.mounted;

import dev.ninepin.testing.ServerKind;
import java.io.IOException;

/** Tests of ACLs that the kernel of QEMU's host stores and enforces. */
class QemuPassthroughXattrTest extends SharedMount implements XattrsOfFiles {
    QemuPassthroughXattrTest() throws IOException {
        super(ServerKind.QEMU_PASSTHROUGH);
    }
}
