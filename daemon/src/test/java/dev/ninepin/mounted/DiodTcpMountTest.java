package dev.ninepin.mounted;

import java.io.IOException;

/** What depends on the way that bytes take to the server. */
class DiodTcpMountTest extends SharedMount implements Contents, Failures {
    DiodTcpMountTest() throws IOException {
        super(ServerKind.DIOD_TCP);
    }
}
