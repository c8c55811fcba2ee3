package dev.ninepin.mounted;

import dev.ninepin.testing.ServerKind;
import java.io.IOException;

class DiodUsersTest extends ManyUsersContract {
    DiodUsersTest() throws IOException {
        super(ServerKind.DIOD_UNIX);
    }
}
