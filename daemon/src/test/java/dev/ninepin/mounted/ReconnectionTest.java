package dev.ninepin.mounted;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.testing.ServerKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Tests of mounts whose server is killed and started again, over each kind of channel. */
class ReconnectionTest {
    @Nested
    class OverDiod extends ReconnectionContract {
        OverDiod() {
            super(ServerKind.DIOD_UNIX);
        }

        private TestMount mountWithLocks() throws Exception {
            return MountSetup.of(kind).remoteLocks().reconnecting(PATIENCE).mount();
        }

        @Test
        void aLockIsHeldAgainAfterTheServersReturn() throws Exception {
            try (TestMount one = mountWithLocks();
                    TestMount two = one.another()) {
                try (Program program = new Program(one, """
                        a, b = Other(), Other(sys.argv[1])
                        for each in (a, b):
                            each("fd = os.open('file', os.O_RDWR | os.O_CREAT)")
                        a('lock(fd, WR, 0, 1)')
                        print('ready', flush=True)
                        sys.stdin.readline()
                        # This mount's next request comes later than that of the other one.
                        b.fails('EAGAIN', 'lock(fd, WR, 0, 1)')
                        a("os.pwrite(fd, b'x', 0)")
                        b.fails('EAGAIN', 'lock(fd, WR, 0, 1)')
                        a('lock(fd, UN)')
                        b('lock(fd, WR, 0, 1)')
                        assert b('os.pread(fd, 1, 0)') == b'x'
                        """, two.here("").toString())) {
                    program.awaitReady();
                    one.killServer();
                    awaitLoss(one);
                    awaitLoss(two);
                    one.restartServer();
                    await().until(() -> one.connection() == 1 && two.connection() == 1);
                    one.awaitIdle();
                    program.goOn();
                    program.awaitSuccess();
                }
            }
        }

        @Test
        void aLockThatAnotherTookMeanwhileMakesTheDescriptorFail() throws Exception {
            // Without a cache, so that each read asks the server.
            try (TestMount mount = MountSetup.of(kind)
                    .cache(CacheMode.NONE)
                    .remoteLocks()
                    .reconnecting(PATIENCE)
                    .mount()) {
                try (Program program = new Program(mount, """
                        write('file', b'contents')
                        fd = os.open('file', os.O_RDWR)
                        other = os.open('file', os.O_RDWR)
                        fcntl.flock(fd, fcntl.LOCK_EX)
                        print('ready', flush=True)
                        sys.stdin.readline()
                        taken = open(S + '/file')
                        fcntl.flock(taken, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        print('ready', flush=True)
                        sys.stdin.readline()
                        fails('EIO', os.pread, fd, 1, 0)
                        fails('EIO', os.pwrite, fd, b'x', 0)
                        fails('EIO', os.pread, fd, 1, 0)
                        assert os.pread(other, 1, 0) == b'c'
                        fcntl.flock(fd, fcntl.LOCK_UN)
                        assert os.pread(fd, 1, 0) == b'c'
                        taken.close()
                        fcntl.flock(fd, fcntl.LOCK_EX)
                        os.pwrite(fd, b'x', 0)
                        """)) {
                    program.awaitReady();
                    mount.killServer();
                    awaitLoss(mount);
                    program.goOn();
                    program.awaitReady();
                    mount.restartServer();
                    program.goOn();
                    program.awaitSuccess();
                }
                mount.clear();
            }
        }

        @Test
        void aFileThatWasReplacedMeanwhileIsStaleAndAnotherOneIsNotTouched() throws Exception {
            try (TestMount mount = mount(PATIENCE)) {
                try (Program program = new Program(mount, """
                        write('file', b'contents')
                        fd = os.open('file', os.O_RDWR)
                        print('ready', flush=True)
                        sys.stdin.readline()
                        fails('ESTALE', os.pread, fd, 1, 0)
                        fails('ESTALE', os.pwrite, fd, b'x', 0)
                        os.close(fd)
                        assert read('file') == b'another'
                        """)) {
                    program.awaitReady();
                    mount.killServer();
                    awaitLoss(mount);
                    final Path other = Files.writeString(mount.there("other"), "another");
                    Files.move(other, mount.there("file"), StandardCopyOption.REPLACE_EXISTING);
                    mount.restartServer();
                    program.goOn();
                    program.awaitSuccess();
                }
                assertThat(Files.readString(mount.there("file"))).isEqualTo("another");
                mount.clear();
            }
        }
    }

    @Nested
    class OverDiodOnTcp extends ReconnectionContract {
        OverDiodOnTcp() {
            super(ServerKind.DIOD_TCP);
        }
    }

    @Nested
    class OverQemu extends ReconnectionContract {
        OverQemu() {
            super(ServerKind.QEMU);
        }

        /** Moves the directory of the share, without which QEMU does not start. */
        @Override
        void stayAway(final TestMount mount) throws Exception {
            Files.move(mount.there(""), away(mount));
            super.stayAway(mount);
        }

        @Override
        void letStart(final TestMount mount) throws Exception {
            Files.move(away(mount), mount.there(""));
        }

        private static Path away(final TestMount mount) {
            return mount.there("").resolveSibling("away");
        }
    }
}
