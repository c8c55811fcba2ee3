package dev.ninepin.mounted;

import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.ServerKind;
import java.io.IOException;

/** The mount contract over nfs-ganesha, which keeps files by handle, not by path, and caches names and attributes. */
@LongRun
class GaneshaMountTest extends MountContract implements Contents, Consistency, MountOptions {
    GaneshaMountTest() throws IOException {
        super(ServerKind.GANESHA);
    }
}
