package dev.ninepin.daemon.life;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.daemon.host.User;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogFileTest {
    private static final User USER = new User(1000);
    private static final Path MOUNT_POINT = Path.of("/mnt/host");

    @TempDir
    private Path temporary;

    @Test
    void aUsersLogIsAmongTheStateOfTheirPrograms() throws Exception {
        final Map<String, String> environment = Map.of("XDG_STATE_HOME", temporary + "/state");
        assertThat(LogFile.of(USER, MOUNT_POINT, environment::get, Path.of("/nowhere")))
                .isEqualTo(temporary.resolve("state/ninepin/mnt-host.log"))
                .doesNotExist();
        assertThat(temporary.resolve("state/ninepin")).isDirectory();
    }

    @Test
    void homeIsWhereTheEnvironmentSays() throws Exception {
        assertThat(LogFile.of(USER, MOUNT_POINT, Map.of("HOME", temporary.toString())::get, Path.of("/nowhere")))
                .isEqualTo(temporary.resolve(".local/state/ninepin/mnt-host.log"));
    }

    @Test
    void withoutASettingItIsBelowTheirHome() throws Exception {
        assertThat(LogFile.of(USER, MOUNT_POINT, Map.of("XDG_STATE_HOME", "relative")::get, temporary))
                .isEqualTo(temporary.resolve(".local/state/ninepin/mnt-host.log"));
    }
}
