package dev.ninepin.mounted;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.session.SessionStatus;
import dev.ninepin.testing.ServerKind;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests of mounts whose server is killed and started again. */
@Timeout(120)
abstract class ReconnectionContract {
    static final Duration PATIENCE = Duration.ofSeconds(60);

    /** One second, plus a margin for a busy machine. */
    private static final Duration GOES_ON_WITHIN = Duration.ofSeconds(3);

    final ServerKind kind;

    ReconnectionContract(final ServerKind kind) {
        this.kind = kind;
    }

    TestMount mount(final Duration patience) throws IOException {
        return MountSetup.of(kind).reconnecting(patience).mount();
    }

    /** A Python program that prints a line when it is ready, and then waits for a line. */
    static final class Program implements AutoCloseable {
        private final Process process;
        private final BufferedReader output;

        Program(final TestMount mount, final String script, final String... arguments) throws IOException {
            process = mount.programs().start(Programs.pythonCommand(script, arguments));
            output = process.inputReader();
        }

        void awaitReady() throws IOException {
            final String line = output.readLine();
            if (!"ready".equals(line)) {
                throw new AssertionError(
                        line + "\n" + String.join("\n", output.lines().toList()));
            }
        }

        void goOn() throws IOException {
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
        }

        /** Blocks until the program has succeeded. */
        void awaitSuccess() throws InterruptedException {
            assertThat(output.lines()).isEmpty();
            assertThat(process.waitFor()).isZero();
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    /** Lets a program go on while the server is away, and succeed after its return. */
    private static void outlastServer(final TestMount mount, final Program program) throws Exception {
        program.awaitReady();
        mount.killServer();
        awaitLoss(mount);
        program.goOn();
        mount.restartServer();
        program.awaitSuccess();
    }

    static void awaitLoss(final TestMount mount) {
        // A QEMU starts at once, so the mount may already have reconnected.
        await().until(() -> mount.connection() > 0 || !mount.session().connected());
    }

    @Test
    void openFilesDirectoriesAndListingsGoOn() throws Exception {
        try (TestMount mount = mount(PATIENCE)) {
            try (Program program = new Program(mount, """
                    os.mkdir('directory')
                    for n in range(3000):
                        write('directory/%04d' % n, b'')
                    write('file', b'before')
                    fd = os.open('file', os.O_RDWR)
                    assert os.pread(fd, 6, 0) == b'before'
                    removed = os.open('removed', os.O_RDWR | os.O_CREAT)
                    os.write(removed, b'still here')
                    os.unlink('removed')
                    unnamed = os.open('.', os.O_RDWR | os.O_TMPFILE)
                    os.write(unnamed, b'no name')
                    readonly = os.open('readonly', os.O_RDWR | os.O_CREAT, 0o444)
                    appended = os.open('appended', os.O_WRONLY | os.O_CREAT | os.O_APPEND)
                    os.write(appended, b'one')
                    os.chdir('directory')
                    listing = os.scandir('.')
                    seen = [next(listing).name for n in range(10)]
                    print('ready', flush=True)
                    sys.stdin.readline()
                    assert os.pread(fd, 6, 0) == b'before'
                    assert os.pwrite(fd, b'AFTER!', 0) == 6
                    os.fsync(fd)
                    assert os.pread(removed, 10, 0) == b'still here'
                    os.pwrite(removed, b'STILL', 0)
                    assert os.pread(removed, 10, 0) == b'STILL here'
                    assert os.pread(unnamed, 10, 0) == b'no name'
                    assert os.write(readonly, b'written') == 7
                    os.fsync(readonly)
                    os.write(appended, b', two')
                    os.close(appended)
                    assert os.fstat(fd).st_size == 6
                    assert os.stat('0005').st_size == 0
                    os.mkdir('made')
                    os.rename('made', 'renamed')
                    os.rmdir('renamed')
                    seen += [each.name for each in listing]
                    assert sorted(seen) == ['%04d' % n for n in range(3000)], len(seen)
                    os.chdir('..')
                    for each in fd, removed, unnamed, readonly:
                        os.close(each)
                    assert read(S + '/file') == b'AFTER!'
                    assert read(S + '/readonly') == b'written'
                    assert read(S + '/appended') == b'one, two'
                    """)) {
                outlastServer(mount, program);
            }
            assertThat(mount.session().state()).isEqualTo(SessionStatus.State.CONNECTED);
            assertThat(mount.connection()).isOne();
            mount.clear();
        }
    }

    @Test
    void aMountGoesOnWithinASecond() throws Exception {
        try (TestMount mount = mount(PATIENCE)) {
            mount.python("write('file', b'contents')");
            for (int round = 1; round <= 3; round++) {
                try (Program program = new Program(mount, """
                        print('ready', flush=True)
                        sys.stdin.readline()
                        assert os.listdir('.') == ['file']
                        """)) {
                    program.awaitReady();
                    mount.killServer();
                    awaitLoss(mount);
                    program.goOn();
                    mount.restartServer();
                    final long back = System.nanoTime();
                    program.awaitSuccess();
                    assertThat(Duration.ofNanos(System.nanoTime() - back)).isLessThan(GOES_ON_WITHIN);
                }
            }
            mount.clear();
        }
    }

    @Test
    void whatIsWrittenDuringManyRestartsIsThereAndWhatIsReadIsRight() throws Exception {
        try (TestMount mount = mount(PATIENCE);
                Program program = new Program(mount, """
                        block = bytes(range(256)) * 256
                        print('ready', flush=True)
                        with open('file', 'wb', buffering=0) as file:
                            for n in range(600):
                                written = n.to_bytes(4, 'big') + block
                                while written:
                                    written = written[file.write(written):]
                                if n % 50 == 49:
                                    os.fsync(file.fileno())
                        with open('file', 'rb') as file:
                            for n in range(600):
                                assert file.read(4 + len(block)) == n.to_bytes(4, 'big') + block, n
                        """)) {
            program.awaitReady();
            for (int round = 1; program.process.isAlive() && round <= 5; round++) {
                final long written = mount.session().bytesWritten();
                await().until(() ->
                        !program.process.isAlive() || mount.session().bytesWritten() > written + (4 << 20));
                mount.killServer();
                mount.restartServer();
                final int number = round;
                await().until(() -> mount.connection() >= number);
            }
            program.awaitSuccess();
            assertThat(mount.connection()).isGreaterThan(1);
            mount.clear();
        }
    }

    @Test
    void whatWasWrittenBeforeARestartIsSynced() throws Exception {
        try (TestMount mount = mount(PATIENCE)) {
            for (int round = 1; round <= 2; round++) {
                try (Program program = new Program(mount, """
                        os.mkdir('directory')
                        fd = os.open('directory/file', os.O_RDWR | os.O_CREAT | os.O_TRUNC)
                        appended = os.open('directory/appended', os.O_WRONLY | os.O_CREAT | os.O_APPEND)
                        for n in range(1000):
                            os.write(fd, b'%07d\\n' % n)
                            os.write(appended, b'%07d\\n' % n)
                        os.fchmod(fd, 0o600)
                        os.rename('directory/appended', 'directory/renamed')
                        mapped = mmap.mmap(fd, 4096)
                        mapped[:4] = b'page'
                        mapped.flush()
                        directory = os.open('directory', os.O_RDONLY)
                        print('ready', flush=True)
                        sys.stdin.readline()
                        os.fsync(fd)
                        os.fsync(appended)
                        os.fsync(directory)
                        os.close(appended)
                        assert read('directory/file')[:16] == b'page000\\n0000001\\n'
                        assert len(read('directory/renamed')) == 8000
                        os.unlink('directory/file')
                        os.unlink('directory/renamed')
                        os.rmdir('directory')
                        os.fsync(directory)
                        """)) {
                    outlastServer(mount, program);
                }
            }
            mount.clear();
        }
    }

    @Test
    void aTransactionOfADatabaseGoesOn() throws Exception {
        try (TestMount mount = mount(PATIENCE)) {
            try (Program program = new Program(mount, """
                    import sqlite3
                    db = sqlite3.connect('db', isolation_level=None)
                    db.execute('pragma cache_size = 5')
                    db.execute('create table numbers (n integer primary key, text)')
                    db.execute('begin')
                    for n in range(2000):
                        db.execute('insert into numbers values (?, ?)', (n, 'x' * 100))
                    print('ready', flush=True)
                    sys.stdin.readline()
                    for n in range(2000, 3000):
                        db.execute('insert into numbers values (?, ?)', (n, 'x' * 100))
                    db.execute('commit')
                    assert db.execute('select count(*) from numbers').fetchone() == (3000,)
                    assert db.execute('pragma integrity_check').fetchone() == ('ok',)
                    db.close()
                    """)) {
                outlastServer(mount, program);
            }
            mount.clear();
        }
    }

    @Test
    void aProgramThatWaitsForTheServerCanBeKilled() throws Exception {
        try (TestMount mount = mount(PATIENCE)) {
            Files.writeString(mount.there("file"), "contents");
            stayAway(mount);
            final Process reader = new ProcessBuilder("cat", mount.here("file").toString()).start();
            final Process maker =
                    new ProcessBuilder("mkdir", mount.here("directory").toString()).start();
            mount.awaitRequests(1);
            reader.destroyForcibly();
            maker.destroyForcibly();
            assertThat(reader.waitFor(5, TimeUnit.SECONDS)).isTrue();
            assertThat(maker.waitFor(5, TimeUnit.SECONDS)).isTrue();
            comeBack(mount);
            assertThat(mount.sh("cat file")).containsExactly("contents");
            mount.clear();
        }
    }

    @Test
    void requestsFailAfterTheTimeoutAndAgainGoOnWhenTheServerIsBack() throws Exception {
        try (TestMount mount = mount(Duration.ofSeconds(1))) {
            mount.python("write('file', b'contents')");
            try (Program program = new Program(mount, """
                    fd = os.open('file', os.O_RDWR)
                    print('ready', flush=True)
                    sys.stdin.readline()
                    fails('ETIMEDOUT', os.stat, 'another')
                    begin = time.monotonic()
                    for n in range(20):
                        fails('ETIMEDOUT', os.stat, 'another')
                        fails('ETIMEDOUT', os.mkdir, 'directory')
                    assert time.monotonic() - begin < 5
                    print('ready', flush=True)
                    sys.stdin.readline()
                    assert os.pread(fd, 8, 0) == b'contents'
                    os.mkdir('directory')
                    """)) {
                program.awaitReady();
                stayAway(mount);
                program.goOn();
                program.awaitReady();
                comeBack(mount);
                program.goOn();
                program.awaitSuccess();
            }
            mount.clear();
        }
    }

    @Test
    void aMountWithoutItsServerGoesAwayAtOnce() throws Exception {
        try (TestMount mount = mount(PATIENCE)) {
            mount.python("write('file', b'contents')");
            stayAway(mount);
            final Process reader = new ProcessBuilder("cat", mount.here("file").toString()).start();
            mount.awaitRequests(1);
            try {
                final long begin = System.nanoTime();
                mount.end();
                assertThat(reader.waitFor(10, TimeUnit.SECONDS)).isTrue();
                assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(8));
            } finally {
                letStart(mount);
            }
        }
    }

    /** Kills the server. No connection can be opened until {@link #comeBack}. */
    void stayAway(final TestMount mount) throws Exception {
        mount.killServer();
        awaitLoss(mount);
    }

    /** Allows the server to start again. */
    void letStart(final TestMount mount) throws Exception {}

    final void comeBack(final TestMount mount) throws Exception {
        letStart(mount);
        mount.restartServer();
        await().until(() -> mount.session().connected());
    }
}
