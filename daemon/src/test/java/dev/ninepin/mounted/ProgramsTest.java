package dev.ninepin.mounted;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Programs that ask much of a file system: each with one server, on a mount for all users where the kernel checks
 * permissions. {@code bench/programs} runs them at length, with all servers.
 */
class ProgramsTest {
    /** Each script says itself what it does, and what its arguments are. */
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
            // The way to the mount is for one user only, and a server of databases is another.
            mount.sh("chmod a+x \"$(dirname \"$PWD\")\"");
            mount.script(script, arguments.split(" "));
            mount.clear();
        }
    }
}
