package dev.ninepin.mounted;

import dev.ninepin.testing.ServerKind;
import java.io.IOException;

/** The mount contract over QEMU, with all tests that do not depend on how the server stores files. */
class QemuMountTest extends MountContract
        implements Contents, Consistency, MountOptions, FileLocks, ProgramsAtWork, Failures {
    QemuMountTest() throws IOException {
        super(ServerKind.QEMU);
    }
}
