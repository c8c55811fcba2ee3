package dev.ninepin.mounted;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.testing.ServerKind;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Tests of locks that are also sent to the server: all tests of local locks, and more if the server supports locks. */
abstract class RemoteLocksContract extends SharedMount implements FileLocks {
    RemoteLocksContract(final ServerKind kind) throws IOException {
        super(MountSetup.of(kind).remoteLocks());
    }

    /** Runs a script in which {@code B} is the directory of another mount of the same export. */
    void withAnother(final String script) throws Exception {
        try (TestMount another = mount().another()) {
            mount().python("B = sys.argv[1]\n" + script, another.here("").toString());
        }
    }

    @Test
    void aMountWithAWaitForALockCanBeTakenAway() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).remoteLocks().mount()) {
            final Process program = mount.programs().start(Programs.pythonCommand("""
                    a, b = Other(), Other()
                    for each in (a, b):
                        each("fd = os.open('file', os.O_RDWR | os.O_CREAT)")
                    a('lock(fd, WR)')
                    b.tell('lock(fd, WR, wait=True)')
                    b.waits()
                    print('waits', flush=True)
                    fails('ECONNABORTED', b.answer)
                    """));
            try (var input = program.inputReader()) {
                assertThat(input.readLine()).isEqualTo("waits");
                mount.end();
                assertThat(input.lines()).isEmpty();
            }
            assertThat(program.waitFor()).isZero();
        }
    }

    @Test
    void theServerIsToldOfOneLockHoweverManyThereAre() throws Exception {
        mount().python("""
                a, b = Other(), Other()
                for each in (a, b):
                    each("fd = os.open('file', os.O_RDWR | os.O_CREAT)")
                """);
        final long before = mount().roundTrips("Tlock");
        mount().python("""
                a, b = Other(), Other()
                for each in (a, b):
                    each("fd = os.open('file', os.O_RDWR)")
                a('lock(fd, WR, 0, 1)')
                for n in range(1, 20):
                    a('lock(fd, WR, %d, 1)' % (2 * n))
                    b('lock(fd, RD, %d, 1)' % (2 * n + 1))
                b('fcntl.flock(fd, fcntl.LOCK_EX)')
                b('lock(fd, UN); fcntl.flock(fd, fcntl.LOCK_UN)')
                a('lock(fd, UN)')
                """);
        assertThat(mount().roundTrips("Tlock")).isEqualTo(before + 2);
    }
}
