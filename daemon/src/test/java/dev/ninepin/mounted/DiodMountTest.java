package dev.ninepin.mounted;

import java.io.IOException;

class DiodMountTest extends MountContract {
    DiodMountTest() throws IOException {
        super(ServerKind.DIOD_UNIX);
    }
}
