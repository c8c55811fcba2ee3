package dev.ninepin.mounted;

import java.io.IOException;

/** The tests that depend on the transport, over diod and TCP. */
class DiodTcpMountTest extends SharedMount implements Contents, Failures {
    DiodTcpMountTest() throws IOException {
        super(ServerKind.DIOD_TCP);
    }
}
