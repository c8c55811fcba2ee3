package dev.ninepin.mounted;

import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.ServerKind;
import java.io.IOException;

@LongRun
class GaneshaUsersTest extends ManyUsersContract {
    GaneshaUsersTest() throws IOException {
        super(ServerKind.GANESHA);
    }
}
