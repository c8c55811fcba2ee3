package dev.ninepin.mounted;

import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.ServerKind;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tests of programs that use many features of a file system. Each runs with one server, on a mount with {@code
 * allow_other} and {@code default_permissions}. {@code bench/programs} runs them for longer and with all servers.
 */
@LongRun
class ProgramsTest {
    /** Each script documents its purpose and its arguments. */
    @ParameterizedTest
    @CsvSource({
        "QEMU, postgresql.sh, 1 1",
        "QEMU, sqlite.py, wal 3 6",
        "DIOD_UNIX, sqlite.py, delete 3 6",
        "DIOD_UNIX, repository.sh, 2 8",
        "QEMU, build.sh, 10",
        "QEMU_MAPPED, packages.sh, 20",
        "QEMU_PASSTHROUGH, files.sh, 15",
        "DIOD_UNIX, fio.sh, 10 1",
        "QEMU, fio.sh, 10 1"
    })
    void runAndLeaveOnTheServerWhatTheyShould(final ServerKind kind, final String script, final String arguments)
            throws Exception {
        try (TestMount mount =
                MountSetup.of(kind).allowOther().defaultPermissions().mount()) {
            // Only one user may search the parent directory, but a database server runs as another user.
            mount.sh("chmod a+x \"$(dirname \"$PWD\")\"");
            mount.script(script, arguments.split(" "));
            mount.clear();
        }
    }
}
