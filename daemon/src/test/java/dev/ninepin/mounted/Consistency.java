package dev.ninepin.mounted;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.CacheMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests of what each {@code cache=} mode guarantees while the same files are changed on the server. */
interface Consistency extends OnAMount {
    @Test
    default void withoutACacheTheServersChangesAreSeenAtOnce() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(CacheMode.NONE).mount()) {
            mount.python("""
                    os.mkdir('directory')
                    write('directory/file', b'0')
                    for n in range(20):
                        assert read('directory/file') == b'%d' % n
                        write(S + '/directory/file', b'%d' % (n + 1))
                        assert os.stat('directory/file').st_size == len(b'%d' % (n + 1))
                        os.mkdir(S + '/directory/new')
                        assert os.path.isdir('directory/new')
                        os.rename(S + '/directory/new', S + '/directory/renamed')
                        assert not os.path.exists('directory/new') and os.path.isdir('directory/renamed')
                        os.rmdir(S + '/directory/renamed')
                        assert not os.path.exists('directory/renamed')
                        os.utime(S + '/directory/file', ns=(n, n))
                        assert os.stat('directory/file').st_mtime_ns == n
                    """);
        }
    }

    @Test
    default void withoutACacheWritesReachTheServerBeforeTheyReturnAndMapsWork() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(CacheMode.NONE).mount()) {
            mount.python("""
                    with open('file', 'w+b', buffering=0) as f:
                        for n in range(20):
                            f.write(b'%04d' % n)
                            assert read(S + '/file') == b''.join(b'%04d' % i for i in range(n + 1))
                        with mmap.mmap(f.fileno(), 80) as mapped:
                            assert mapped[76:] == b'0019'
                            mapped[:4] = b'MMAP'
                            mapped.flush()
                        assert read(S + '/file')[:8] == b'MMAP0001'
                    """);
        }
    }

    @Test
    default void usuallyAnOpenSeesWhatWasClosedThereBefore() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(CacheMode.OPEN).mount()) {
            mount.python("""
                    write('file', b'0')
                    for n in range(30):
                        os.stat('file')
                        wanted = b'%d' % n * (1 + n * 3571 % 9000)
                        write(S + '/file', wanted)
                        fd = os.open('file', os.O_RDONLY)
                        assert os.fstat(fd).st_size == len(wanted), (os.fstat(fd).st_size, len(wanted))
                        assert os.read(fd, 20000) == wanted, n
                        os.close(fd)
                        if n % 3 == 0:
                            write('file', b'%d' % n)
                            assert read(S + '/file') == b'%d' % n
                    """);
        }
    }

    @Test
    default void usuallyWhatDidNotChangeIsNotReadAgain() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(CacheMode.OPEN).mount()) {
            mount.python("""
                    write(S + '/file', bytes(100000))
                    os.utime(S + '/file', (1000, 1000))
                    # The change of its attributes is to be older than a tick of the server's clock, too.
                    changed = os.stat(S + '/file').st_ctime
                    until(lambda: time.time() > changed + 3.1)
                    read('file')
                    """);
            final long reads = mount.roundTrips("Tread");
            mount.sh("cat file >/dev/null; cat file >/dev/null");
            assertThat(mount.roundTrips("Tread")).isEqualTo(reads);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = CacheMode.class,
            names = {"NONE", "OPEN"})
    default void anOpenSeesWhatChangedThereSinceTheFileWasMadeHere(final CacheMode cache) throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(cache).mount()) {
            mount.python("""
                    fd = os.open('file', os.O_RDWR | os.O_CREAT)
                    os.write(fd, b'mine')
                    assert os.pread(fd, 10, 0) == b'mine'
                    os.close(fd)
                    write(S + '/file', b'them', 0)
                    assert read('file') == b'them'
                    """);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = CacheMode.class,
            names = {"NONE", "OPEN"})
    default void countersThatManyProcessesKeepInOneFileLoseNoUpdate(final CacheMode cache) throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(cache).mount()) {
            mount.python("""
                    write('counters', bytes(16 * 512))
                    def count(process):
                        chance = random.Random(process)
                        for _ in range(150):
                            place = chance.randrange(16) * 512
                            fd = os.open('counters', os.O_RDWR)
                            fcntl.lockf(fd, fcntl.LOCK_EX, 8, place)
                            number, = struct.unpack('<Q', os.pread(fd, 8, place))
                            os.pwrite(fd, struct.pack('<Q', number + 1), place)
                            os.close(fd)
                    together(8, count)
                    for path in 'counters', S + '/counters':
                        assert sum(struct.unpack('<1024Q', read(path))) == 8 * 150, path
                    """);
        }
    }

    @Test
    default void usuallyTheFirstOpenSeesWhatWasAppendedThereAfterALook() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(CacheMode.OPEN).mount()) {
            mount.python("""
                    for n in range(20):
                        name = '%d' % n
                        write(S + '/' + name, b'12345')
                        assert os.stat(name).st_size == 5
                        write(S + '/' + name, b'1234567890')
                        assert read(name) == b'1234567890'
                    """);
        }
    }

    @Test
    default void usuallyAnOpenSeesTheLastOfManyQuickChangesOfOneSize() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(CacheMode.OPEN).mount()) {
            mount.python("""
                    for n in range(1000, 2000):
                        write(S + '/file', b'%d' % n, os.O_CREAT)
                        assert read('file') == b'%d' % n
                    """);
        }
    }

    @Test
    default void usuallyAnOpenSeesWhatChangedThereWhileAnotherHereMayWrite() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(CacheMode.OPEN).mount()) {
            mount.python("""
                    write('file', b'0000')
                    fd = os.open('file', os.O_RDWR)
                    for n in range(1000, 1100):
                        assert len(read('file')) == 4
                        write(S + '/file', b'%d' % n, 0)
                        assert read('file') == b'%d' % n
                        assert os.pread(fd, 10, 0) == b'%d' % n
                    os.pwrite(fd, b'mine', 0)
                    assert read('file') == b'mine' == read(S + '/file')
                    os.close(fd)
                    write(S + '/file', b'last', 0)
                    assert read('file') == b'last'
                    """);
        }
    }

    @Test
    default void usuallyNamesAndAttributesAreASecondOldAtMost() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(CacheMode.OPEN).mount()) {
            mount.python("""
                    write('file', b'1')
                    os.stat('file')
                    write(S + '/file', b'three')
                    os.chmod(S + '/file', 0o600)
                    until(lambda: os.stat('file').st_size == 5, 1.5)
                    os.rename(S + '/file', S + '/renamed')
                    assert os.path.exists('renamed')
                    until(lambda: not os.path.exists('file'), 1.5)
                    write('file', b'1')
                    number = os.stat('file').st_ino
                    write(S + '/new', b'12')
                    os.rename(S + '/new', S + '/file')
                    until(lambda: os.stat('file').st_ino == os.stat(S + '/file').st_ino, 1.5)
                    assert read('file') == b'12'
                    """);
        }
    }

    @Test
    default void withoutACacheListingsOfTheServersChangesAreSeenAtOnce() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(CacheMode.NONE).mount()) {
            mount.python("""
                    os.mkdir('directory')
                    for n in range(20):
                        write(S + '/directory/%d' % n, bytes(n))
                        assert len(os.listdir('directory')) == n + 1
                        found = {entry.name: entry.stat().st_size for entry in os.scandir('directory')}
                        assert found == {str(i): i for i in range(n + 1)}, found
                    for n in range(20):
                        os.remove(S + '/directory/%d' % n)
                        assert len(os.listdir('directory')) == 19 - n
                    """);
        }
    }

    @Test
    default void withoutACacheANameThatAppearsThereIsSeenAtOnceThoughItWasAskedForBefore() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(CacheMode.NONE).mount()) {
            mount.python("""
                    for n in range(20):
                        fails('ENOENT', os.stat, 'file%d' % n)
                        write(S + '/file%d' % n, b'there')
                        assert read('file%d' % n) == b'there'
                        fails('ENOENT', os.stat, 'directory%d' % n)
                        os.mkdir(S + '/directory%d' % n)
                        write('directory%d/file' % n, b'here')
                        assert read(S + '/directory%d/file' % n) == b'here'
                    """);
        }
    }

    @Test
    default void usuallyANameThatAppearsThereIsSeenWithinASecondThoughItWasAskedForBefore() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(CacheMode.OPEN).mount()) {
            mount.python("""
                    fails('ENOENT', os.stat, 'file')
                    fails('ENOENT', os.stat, 'directory')
                    write(S + '/file', b'there')
                    os.mkdir(S + '/directory')
                    until(lambda: os.path.exists('file') and os.path.exists('directory'), 1.5)
                    assert read('file') == b'there'
                    write('directory/file', b'here')
                    assert read(S + '/directory/file') == b'here'
                    """);
        }
    }

    @Test
    default void aNameThatAppearsThereIsInTheWayAtOnceThoughItWasAskedForBefore() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(CacheMode.OPEN).mount()) {
            mount.python("""
                    write('other', b'here')
                    for n in range(5):
                        name = 'name%d' % n
                        def ask():
                            fails('ENOENT', os.stat, name)
                        for make in (lambda: os.mkdir(name), lambda: os.mknod(name), lambda: os.symlink('x', name),
                                     lambda: os.link('other', name),
                                     lambda: os.close(os.open(name, os.O_CREAT | os.O_EXCL))):
                            ask()
                            write(S + '/' + name, b'there')
                            fails('EEXIST', make)
                            assert read(name) == b'there'
                            os.remove(name)
                        ask()
                        write(S + '/' + name, b'there')
                        fd = os.open(name, os.O_CREAT | os.O_RDWR)
                        assert os.read(fd, 10) == b'there'
                        os.close(fd)
                        os.remove(name)
                        ask()
                        write(S + '/' + name, b'there')
                        os.rename('other', name)
                        assert read(name) == b'here'
                        os.rename(name, 'other')
                        ask()
                        os.symlink('other', S + '/' + name)
                        fd = os.open(name, os.O_CREAT | os.O_RDWR)
                        assert os.read(fd, 10) == b'here'
                        os.close(fd)
                        os.remove(name)
                        ask()
                        os.mkfifo(S + '/' + name)
                        fd = os.open(name, os.O_CREAT | os.O_RDWR | os.O_NONBLOCK)
                        assert stat.S_ISFIFO(os.fstat(fd).st_mode)
                        os.close(fd)
                        os.remove(name)
                    """);
        }
    }

    @Test
    default void whatIsMadeHereIsSeenHereAtOnceThoughItWasAskedForBefore() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(CacheMode.OPEN).mount()) {
            mount.python("""
                    def absent(*names):
                        for name in names:
                            fails('ENOENT', os.stat, name)
                    for n in range(5):
                        absent('a', 'b', 'b/c', 'c', 'd')
                        os.mkdir('a')
                        absent('a/c', 'a/d')
                        write('a/c', b'c')
                        os.link('a/c', 'a/d')
                        assert read('a/d') == b'c'
                        os.rename('a', 'b')
                        absent('a', 'a/c')
                        assert read('b/c') == read('b/d') == b'c'
                        absent('b/e')
                        os.rename('b', 'a')
                        write('a/e', b'e')
                        os.rename('a', 'b')
                        assert read('b/e') == b'e'
                        os.rename('b/c', 'c')
                        absent('b/c')
                        os.symlink('c', 'd')
                        assert read('d') == b'c'
                        os.rename('d', 'b/c')
                        absent('d')
                        assert os.readlink('b/c') == 'c'
                        for name in 'b/c', 'b/d', 'b/e', 'c':
                            os.remove(name)
                        os.rmdir('b')
                    """);
        }
    }

    @ParameterizedTest
    @EnumSource(CacheMode.class)
    default void whatIsDoneHereTheServerHasAtOnce(final CacheMode cache) throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(cache).mount()) {
            mount.python("waits = " + (cache == CacheMode.NONE ? "True" : "False") + """

                    for n in range(20):
                        with open('file', 'wb', buffering=0) as f:
                            f.write(b'%04d' % n)
                            if not waits:
                                os.fsync(f.fileno())
                            assert read(S + '/file') == b'%04d' % n
                            f.truncate(2)
                            assert os.stat(S + '/file').st_size == 2
                        os.utime('file', ns=(n, 5 + n))
                        assert os.stat(S + '/file').st_mtime_ns == 5 + n
                        os.link('file', 'link')
                        assert os.path.samefile(S + '/file', S + '/link')
                        os.rename('link', 'renamed')
                        assert not os.path.exists(S + '/link') and os.path.exists(S + '/renamed')
                        os.remove('renamed')
                        assert not os.path.exists(S + '/renamed')
                        os.mkdir('directory')
                        assert os.path.isdir(S + '/directory')
                        os.rmdir('directory')
                        assert sorted(os.listdir(S)) == ['file']
                    """);
        }
    }

    /** The versions differ in size and in every byte, so that a mixture of two versions is detected. */
    @ParameterizedTest
    @EnumSource(
            value = CacheMode.class,
            names = {"NONE", "OPEN"})
    default void aFileThatIsReplacedThereIsOneVersionOrStaleAndNeverAMixture(final CacheMode cache) throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(cache).mount()) {
            mount.python("""
                    import errno, threading
                    versions = [bytes([97 + n]) * (1 + n * 35711 % 20000) for n in range(26)]
                    write(S + '/file', versions[0])
                    done = threading.Event()
                    seen = set()
                    final = []
                    tries = [0]
                    def replace():
                        try:
                            for n in range(1, 501):
                                write(S + '/new', versions[n % 26])
                                os.rename(S + '/new', S + '/file')
                                if n % 25 == 0:
                                    # One look that nothing changes under: the next but one to end.
                                    until(lambda looks=tries[0] + 2: tries[0] >= looks, 60)
                            final.append(versions[n % 26])
                        finally:
                            done.set()
                    other = threading.Thread(target=replace)
                    other.start()
                    last = False
                    while not last:
                        tries[0] += 1
                        last = done.is_set()
                        try:
                            fd = os.open('file', os.O_RDONLY)
                            try:
                                size = os.fstat(fd).st_size
                                data = b''.join(iter(lambda: os.read(fd, 7000), b''))
                            finally:
                                os.close(fd)
                        except OSError as e:
                            assert e.errno == errno.ESTALE and not last, e
                            continue
                        assert data in versions, (len(data), set(data))
                        assert size == len(data), (size, len(data))
                        seen.add(data)
                    other.join()
                    assert data == final[0] and len(seen) > 5, len(seen)
                    """);
        }
    }

    @Test
    default void aShareThatIsOursAloneIsNotAskedTwice() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(CacheMode.LOOSE).mount()) {
            mount.python("""
                    os.makedirs('a/b')
                    write('a/b/file', bytes(100000))
                    """);
            final String looks = "stat a/b/file; cat a/b/file >/dev/null; ! stat a/b/missing 2>/dev/null";
            mount.sh(looks);
            mount.sh(looks);
            // The second open of the file has sent a walk for the next one.
            mount.awaitIdle();
            final long reads = mount.roundTrips("Tread");
            final long others = mount.roundTrips("Tgetattr", "Twalk");
            mount.sh(looks);
            assertThat(mount.roundTrips("Tread")).isEqualTo(reads);
            // Opening the file copies its fid. Entering the directory also needs a request, because the cache does not
            // answer permission checks.
            assertThat(mount.roundTrips("Tgetattr", "Twalk")).isLessThanOrEqualTo(others + 2);
            mount.python("""
                    write('a/b/file', b'new')
                    assert read(S + '/a/b/file') == b'new' == read('a/b/file')
                    os.rename('a/b/file', 'a/b/missing')
                    assert read('a/b/missing') == b'new'
                    fails('ENOENT', os.stat, 'a/b/file')
                    """);
        }
    }
}
