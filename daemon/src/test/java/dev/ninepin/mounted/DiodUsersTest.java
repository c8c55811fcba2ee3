package dev.ninepin.mounted;

import java.io.IOException;

class DiodUsersTest extends ManyUsersContract {
    DiodUsersTest() throws IOException {
        super(ServerKind.DIOD_UNIX);
    }
}
