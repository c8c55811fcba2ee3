package dev.ninepin.mounted;

import java.io.IOException;

/** ACLs that QEMU's kernel keeps, and enforces. */
class QemuPassthroughXattrTest extends SharedMount implements XattrsOfFiles {
    QemuPassthroughXattrTest() throws IOException {
        super(ServerKind.QEMU_PASSTHROUGH);
    }
}
