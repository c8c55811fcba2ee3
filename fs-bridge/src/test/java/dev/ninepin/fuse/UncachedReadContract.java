package dev.ninepin.fuse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.mount.FuseOptions;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Errno;
import dev.ninepin.share.Share;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.Python;
import dev.ninepin.testing.SessionFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Tests of {@code cache=none}: each read(2) returns the server's current data, also while another client changes files
 * in place and while files are mapped. A subclass chooses the server, and whether the kernel can map files that bypass
 * the page cache.
 */
abstract class UncachedReadContract extends SessionFixture {
    /**
     * The start of each script. {@code S} is the exported directory on the server; the working directory is the mount.
     * All versions of a file have the same size and modification time.
     */
    private static final String PRELUDE = """
            import fcntl, mmap, os, random, struct, subprocess, sys
            S = sys.argv[1]
            def there(name, data, at=0, size=None):
                fd = os.open(S + '/' + name, os.O_WRONLY | os.O_CREAT)
                if size is not None:
                    os.ftruncate(fd, size)
                os.pwrite(fd, data, at)
                os.utime(fd, ns=(1, 1))
                os.close(fd)
            def version(n, size=8192):
                return (b'%08d' % n) * (size // 8)
            """;

    private final boolean mayMapUncached;
    private Path root;
    private Share share;
    private FuseMount mount;

    UncachedReadContract(final boolean mayMapUncached) {
        this.mayMapUncached = mayMapUncached;
    }

    @BeforeEach
    void mountShare() throws IOException {
        root = Files.createTempDirectory(Mounted.PREFIX).toRealPath();
        share = Share.open(
                connect(options()), new ShareOptions(CacheMode.NONE, OptionalInt.empty(), OptionalInt.empty()));
        mount = FuseMount.mount(
                LibFuse.get(),
                share,
                root,
                new FuseOptions("uncached", false, false, false),
                Errno::of,
                mayMapUncached);
    }

    @AfterEach
    void unmount() throws IOException {
        mount.close();
        assertThat(mount.hasEnded()).isTrue();
        share.close();
        Files.delete(root);
    }

    private void python(final String script) throws Exception {
        final Process python = Mounted.start(root, Python.COMMAND, "-c", PRELUDE + script, export.toString());
        python.getOutputStream().close();
        final String output = new String(python.getInputStream().readAllBytes(), UTF_8);
        assertThat(python.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(python.exitValue()).as(output).isZero();
    }

    @Test
    void aReadSeesWhatWasJustWrittenThereInPlace() throws Exception {
        python("""
                there('file', version(0))
                fd = os.open('file', os.O_RDONLY)
                for n in range(1, 200):
                    there('file', version(n))
                    assert os.pread(fd, 8192, 0) == version(n), n
                """);
    }

    @Test
    void aReadSeesWhatWasJustWrittenThereThoughTheFileIsMapped() throws Exception {
        python("""
                there('file', version(0))
                fd = os.open('file', os.O_RDWR)
                with mmap.mmap(fd, 8192) as shared, mmap.mmap(fd, 8192, mmap.MAP_PRIVATE, mmap.PROT_READ) as private:
                    for n in range(1, 200):
                        assert len(shared[:]) == len(private[:]) == 8192
                        there('file', version(n, 4096))
                        assert os.pread(fd, 4096, 0) == version(n, 4096), n
                        shared[4096:4104] = b'%08x' % n
                        assert os.pread(fd, 8, 4096) == b'%08x' % n
                        os.pwrite(fd, b'%08d' % n, 4104)
                        assert shared[4096:4112] == b'%08x%08d' % (n, n)
                        shared.flush()
                        with open(S + '/file', 'rb') as there_now:
                            assert there_now.read() == version(n, 4096) + b'%08x%08d' % (n, n) + version(0, 4080)
                """);
    }

    @Test
    void aReadSeesThatTheFileGrewOrShrankThere() throws Exception {
        python("""
                there('file', version(0))
                fd = os.open('file', os.O_RDONLY)
                for n in range(1, 100):
                    size = n * 3571 % 9000 // 8 * 8 + 8
                    there('file', version(n, size), size=size)
                    assert os.pread(fd, 20000, 0) == version(n, size), n
                    there('file', b'end', size)
                    assert os.pread(fd, 20000, size) == b'end', n
                """);
    }

    @Test
    void aReadSeesWhatWasJustWrittenThereWhileAnotherPlaceIsWrittenHere() throws Exception {
        python("""
                there('file', version(0))
                writer = os.fork()
                if writer == 0:
                    fd = os.open('file', os.O_WRONLY)
                    while True:
                        os.pwrite(fd, b'x', 4096 + random.randrange(4096))
                try:
                    fd = os.open('file', os.O_RDONLY)
                    for n in range(1, 200):
                        there('file', version(n, 4096))
                        assert os.pread(fd, 4096, 0) == version(n, 4096), n
                finally:
                    os.kill(writer, 9)
                    os.waitpid(writer, 0)
                """);
    }

    @Test
    void whatIsAppendedHereIsReadWithWhatWasAppendedThere() throws Exception {
        python("""
                there('log', b'')
                fd = os.open('log', os.O_RDWR | os.O_APPEND)
                wanted = b''
                for n in range(100):
                    there('log', b'there%d ' % n, len(wanted))
                    os.write(fd, b'here%d ' % n)
                    wanted += b'there%d here%d ' % (n, n)
                    assert os.pread(fd, 10000, 0) == wanted, n
                """);
    }

    @Test
    void aProgramRunsAndANewFileCanBeMappedAtOnce() throws Exception {
        python("""
                with open('/bin/true', 'rb') as program:
                    there('program', program.read())
                os.chmod(S + '/program', 0o755)
                subprocess.run(['./program'], check=True)
                fd = os.open('new', os.O_RDWR | os.O_CREAT)
                reader = os.open('new', os.O_RDONLY)
                os.ftruncate(fd, 10000)
                with mmap.mmap(fd, 10000) as mapped, mmap.mmap(reader, 10000, prot=mmap.PROT_READ) as seen:
                    mapped[5000:5004] = b'here'
                    assert seen[5000:5004] == os.pread(reader, 4, 5000) == b'here'
                """);
    }

    @Test
    void countersThatManyProcessesKeepInOneFileLoseNoUpdate() throws Exception {
        python("""
                there('counters', bytes(16 * 512))
                children = []
                for process in range(6):
                    children.append(os.fork())
                    if children[-1] == 0:
                        chance = random.Random(process)
                        for _ in range(80):
                            place = chance.randrange(16) * 512
                            fd = os.open('counters', os.O_RDWR)
                            fcntl.lockf(fd, fcntl.LOCK_EX, 8, place)
                            number, = struct.unpack('<Q', os.pread(fd, 8, place))
                            os.pwrite(fd, struct.pack('<Q', number + 1), place)
                            os.close(fd)
                        os._exit(0)
                assert all(os.waitpid(child, 0)[1] == 0 for child in children)
                for path in 'counters', S + '/counters':
                    with open(path, 'rb') as file:
                        assert sum(struct.unpack('<1024Q', file.read())) == 6 * 80, path
                """);
    }

    @Test
    void aReadIsOneReadOfTheServer() throws Exception {
        python("there('file', version(0))");
        final long reads = requests("Tread");
        python("""
                fd = os.open('file', os.O_RDONLY)
                for _ in range(100):
                    os.pread(fd, 4096, 4096)
                """);
        assertThat(requests("Tread") - reads).isEqualTo(100);
    }

    private long requests(final String kind) {
        return session.status().messages().stream()
                .filter(message -> message.name().equals(kind))
                .mapToLong(message -> message.count())
                .sum();
    }
}
