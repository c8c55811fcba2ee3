package dev.ninepin.mounted;

import java.io.IOException;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** With messages of 8 KiB, 16 at once, and no Tflush. Needs {@code /dev/cuse}, so a guest runs it. */
@EnabledIfSystemProperty(named = "ninepin.test.cuse", matches = "true")
class Vio9pMountTest extends SharedMount implements Trees, Contents {
    Vio9pMountTest() throws IOException {
        super(ServerKind.DIOD_VIO9P);
    }
}
