package dev.ninepin.mounted;

import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.ServerKind;
import java.io.IOException;

/** The tests that depend on the transport, over diod and TCP. */
@LongRun
class DiodTcpMountTest extends SharedMount implements Contents, Failures {
    DiodTcpMountTest() throws IOException {
        super(ServerKind.DIOD_TCP);
    }
}
