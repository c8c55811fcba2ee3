package dev.ninepin.mounted;

import java.io.IOException;

/** And all that does not depend on how the server keeps files. */
class QemuMountTest extends MountContract
        implements Contents, Consistency, MountOptions, FileLocks, ProgramsAtWork, Failures {
    QemuMountTest() throws IOException {
        super(ServerKind.QEMU);
    }
}
