package dev.ninepin.mounted;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Tests of servers that die or stop replying, and of programs that are killed while they wait. */
interface Failures extends OnAMount {
    @Test
    default void aServerThatDiesIsAnErrorAndTheMountGoesAway() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).mount()) {
            mount.python("write(S + '/file', bytes(32 << 20))");
            final Process reader = mount.programs().start(Programs.pythonCommand("""
                    fd = os.open('file', os.O_RDWR)
                    assert os.read(fd, 4) == bytes(4)
                    print('open', flush=True)
                    sys.stdin.readline()
                    begin = time.monotonic()
                    fails('EIO', os.pread, fd, 4, 30 << 20)
                    fails('EIO', os.pwrite, fd, b'x', 0)
                    fails('EIO', os.listdir, '.')
                    fails('EIO', os.mkdir, 'directory')
                    fails('EIO', os.statvfs, '.')
                    os.close(fd)
                    assert time.monotonic() - begin < 5
                    """));
            try (var input = reader.inputReader();
                    var output = reader.outputWriter()) {
                assertThat(input.readLine()).isEqualTo("open");
                mount.killServer();
                output.write("\n");
                output.flush();
                assertThat(reader.waitFor(20, TimeUnit.SECONDS)).isTrue();
                assertThat(input.lines()).isEmpty();
            }
            assertThat(reader.exitValue()).isZero();
            assertThat(mount.session().connected()).isFalse();
        }
    }

    @Test
    default void aProgramThatWaitsForAStoppedServerCanBeKilledAndTheMountGoesOn() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).mount()) {
            Files.writeString(mount.there("file"), "contents");
            mount.sh("cat file");
            mount.stopServer();
            try {
                // Runs outside the mount, because entering the mount would also block.
                final Process lister = new ProcessBuilder("ls", mount.here("").toString()).start();
                final Process writer =
                        new ProcessBuilder("touch", mount.here("new").toString()).start();
                mount.awaitRequests(2);
                lister.destroyForcibly();
                writer.destroyForcibly();
                assertThat(lister.waitFor(15, TimeUnit.SECONDS)).isTrue();
                assertThat(writer.waitFor(15, TimeUnit.SECONDS)).isTrue();
            } finally {
                mount.continueServer();
            }
            assertThat(mount.sh("cat file")).containsExactly("contents");
            mount.clear();
        }
    }

    @Test
    default void signalsThatAProgramHandlesDoNotBreakItsCalls() throws Exception {
        mount().python("""
                signal.signal(signal.SIGALRM, lambda *_: None)
                signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
                libc = ctypes.CDLL(None, use_errno=True)
                def call(name, *arguments):
                    assert getattr(libc, name)(*arguments) == 0, (name, os.strerror(ctypes.get_errno()))
                for n in range(400):
                    call('mkdir', b'directory', 0o755)
                    call('symlink', b'target', b'directory/link')
                    call('rename', b'directory/link', b'directory/renamed')
                    call('unlink', b'directory/renamed')
                    call('rmdir', b'directory')
                signal.setitimer(signal.ITIMER_REAL, 0)
                """);
    }
}
