package dev.ninepin.mounted;

import java.io.IOException;

class GaneshaUsersTest extends ManyUsersContract {
    GaneshaUsersTest() throws IOException {
        super(ServerKind.GANESHA);
    }
}
