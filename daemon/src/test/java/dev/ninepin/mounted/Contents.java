package dev.ninepin.mounted;

import org.junit.jupiter.api.Test;

/** Tests of file contents: read, written, mapped and truncated, by many processes at once and at any offset. */
interface Contents extends OnAMount {
    @Test
    default void sixteenProcessesWriteAndReadTheirOwnFiles() throws Exception {
        mount().python("""
                def task(i):
                    chance = random.Random(i)
                    sha = hashlib.sha256()
                    with open('file%d' % i, 'wb', buffering=0) as f:
                        for _ in range(20):
                            block = chance.randbytes(chance.randrange(1, 300000))
                            sha.update(block)
                            assert f.write(block) == len(block)
                    for path in ('file%d' % i, S + '/file%d' % i):
                        assert hashlib.sha256(read(path)).digest() == sha.digest(), path
                together(16, task)
                """);
    }

    @Test
    default void oneFileIsWrittenInDisjointBlocksByManyProcesses() throws Exception {
        mount().python("""
                size, blocks = 5000, 1200
                write('shared', b'')
                def block(n):
                    return hashlib.sha256(b'%d' % n).digest() * 157 + b'x' * (size - 32 * 156 - 8)
                def task(i):
                    fd = os.open('shared', os.O_RDWR)
                    for n in range(i, blocks, 8):
                        assert os.pwrite(fd, block(n)[:size], n * size) == size
                    for n in range(i, blocks, 8):
                        assert os.pread(fd, size, n * size) == block(n)[:size], n
                together(8, task)
                wanted = b''.join(block(n)[:size] for n in range(blocks))
                assert read('shared') == wanted == read(S + '/shared')
                """);
    }

    @Test
    default void aSparseFileReachesBeyondFourGibibytes() throws Exception {
        mount().python("""
                far = 5 << 30
                fd = os.open('sparse', os.O_RDWR | os.O_CREAT)
                assert os.pwrite(fd, b'far away', far) == 8
                for at in (0, (4 << 30) - 5, far - 4096):
                    assert os.pread(fd, 4096, at) == bytes(4096)
                assert os.pread(fd, 100, far - 2) == bytes(2) + b'far away'
                assert os.pread(fd, 100, far + 8) == b''
                os.pwrite(fd, b'border', (4 << 30) - 3)
                os.close(fd)
                for path in ('sparse', S + '/sparse'):
                    until(lambda: os.stat(path).st_size == far + 8)
                    assert GANESHA or os.stat(path).st_blocks < 100
                    with open(path, 'rb') as f:
                        f.seek((4 << 30) - 4)
                        assert f.read(8) == b'\\0border\\0'
                os.truncate('sparse', (6 << 30) + 1)
                assert os.stat(S + '/sparse').st_size == (6 << 30) + 1
                os.truncate('sparse', (4 << 30) + 1)
                with open('sparse', 'rb') as f:
                    f.seek((4 << 30) - 3)
                    assert f.read() == b'bord'
                """);
    }

    @Test
    default void aLargeFileIsReadThroughAMap() throws Exception {
        mount().python("""
                data = random.Random(3).randbytes(24 << 20)
                with open(S + '/large', 'wb') as f:
                    f.write(data)
                with open('large', 'rb') as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as mapped:
                    for _ in range(300):
                        at = random.randrange(len(data))
                        assert mapped[at:at + 9000] == data[at:at + 9000]
                    assert hashlib.sha256(mapped).digest() == hashlib.sha256(data).digest()
                """);
    }

    @Test
    default void twoProcessesShareAMapOverTwoNamesOfAFile() throws Exception {
        mount().python("""
                half = 1 << 20
                write('one', bytes(2 * half))
                os.link('one', 'two')
                def task(i):
                    with open(('one', 'two')[i], 'r+b') as f, mmap.mmap(f.fileno(), 0) as mapped:
                        mapped[i * half:(i + 1) * half] = bytes([i + 1]) * half
                        mapped.flush()
                        other = (1 - i) * half
                        until(lambda: mapped[other:other + half] == bytes([2 - i]) * half)
                together(2, task)
                wanted = b'\\1' * half + b'\\2' * half
                assert read('one') == wanted == read(S + '/two')
                """);
    }

    @Test
    default void aMapAndWritesSeeEachOther() throws Exception {
        mount().python("""
                fd = os.open('file', os.O_RDWR | os.O_CREAT)
                os.pwrite(fd, bytes(10000), 0)
                with mmap.mmap(fd, 10000) as mapped:
                    os.pwrite(fd, b'written', 5000)
                    assert mapped[5000:5007] == b'written'
                    mapped[6000:6006] = b'mapped'
                    assert os.pread(fd, 6, 6000) == b'mapped'
                    mapped.flush()
                    assert read(S + '/file')[6000:6006] == b'mapped'
                    mapped[7000:7004] = b'last'
                os.close(fd)
                until(lambda: read(S + '/file')[7000:7004] == b'last')
                """);
    }

    @Test
    default void fourProcessesAppendAndNoLineIsLostOrTorn() throws Exception {
        mount().python("""
                def lines(i):
                    chance = random.Random(i)
                    for n in range(300):
                        yield b'%d %d ' % (i, n) + bytes([97 + i]) * chance.randrange(4000) + b'\\n'
                def task(i):
                    fd = os.open('log', os.O_WRONLY | os.O_CREAT | os.O_APPEND)
                    for line in lines(i):
                        assert os.write(fd, line) == len(line)
                together(4, task)
                wanted = sorted(line for i in range(4) for line in lines(i))
                assert sorted(read('log').splitlines(True)) == wanted
                assert sorted(read(S + '/log').splitlines(True)) == wanted
                """);
    }

    @Test
    default void aDescriptorAppendsOnlyWhileItIsToldTo() throws Exception {
        mount().python("""
                write('file', b'0123456789')
                fd = os.open('file', os.O_RDWR | os.O_APPEND)
                os.pwrite(fd, b'end', 0)
                fcntl.fcntl(fd, fcntl.F_SETFL, 0)
                os.pwrite(fd, b'begin', 0)
                os.fsync(fd)
                assert read(S + '/file') == b'begin56789end', read(S + '/file')
                with mmap.mmap(fd, 13) as mapped:
                    fcntl.fcntl(fd, fcntl.F_SETFL, os.O_APPEND)
                    mapped[5:6] = b'!'
                    mapped.flush()
                assert read(S + '/file') == b'begin!6789end', read(S + '/file')
                os.close(fd)
                """);
    }

    @Test
    default void filesAreCutAndStretched() throws Exception {
        mount().python("""
                write('file', b'x' * 100000)
                os.truncate('file', 70000)
                assert read('file') == b'x' * 70000
                os.truncate('file', 90000)
                assert read('file') == b'x' * 70000 + bytes(20000) == read(S + '/file')
                with open('file', 'r+b') as f:
                    assert len(f.read()) == 90000
                    os.ftruncate(f.fileno(), 10)
                    assert os.fstat(f.fileno()).st_size == 10
                    f.seek(20)
                    f.write(b'y')
                assert read('file') == b'x' * 10 + bytes(10) + b'y' == read(S + '/file')
                os.close(os.open('file', os.O_RDONLY))
                assert os.stat(S + '/file').st_size == 21
                os.close(os.open('file', os.O_WRONLY | os.O_TRUNC))
                assert os.stat(S + '/file').st_size == 0 == os.stat('file').st_size
                write('file', b'again')
                write('file', b'new')
                assert read('file') == b'new'
                fails('EEXIST', os.open, 'file', os.O_CREAT | os.O_EXCL)
                fails('EISDIR', os.open, '.', os.O_WRONLY)
                fails('EISDIR', os.truncate, '.', 0)
                fails('ENOENT', os.truncate, 'missing', 0)
                """);
    }

    @Test
    default void theServerHasWhatWasWrittenBeforeTheClose() throws Exception {
        mount().python("""
                fd = os.open('file', os.O_WRONLY | os.O_CREAT)
                for n in range(50):
                    os.write(fd, b'%08d' % n)
                    os.fsync(fd)
                    os.fdatasync(fd)
                    assert read(S + '/file')[-8:] == b'%08d' % n
                os.close(fd)
                directory = os.open('.', os.O_RDONLY)
                fails('EINVAL', os.fsync, directory) if GANESHA else os.fsync(directory)
                os.close(directory)
                """);
    }

    @Test
    default void spaceIsNotReservedAndProgramsHearSo() throws Exception {
        mount().python("""
                write('file', b'')
                libc = ctypes.CDLL(None, use_errno=True)
                fd = os.open('file', os.O_RDWR)
                assert libc.fallocate(fd, 0, ctypes.c_long(0), ctypes.c_long(8192)) == -1
                assert ctypes.get_errno() == errno.EOPNOTSUPP, os.strerror(ctypes.get_errno())
                os.posix_fallocate(fd, 0, 8192)
                assert os.fstat(fd).st_size == 8192
                os.close(fd)
                """);
    }

    @Test
    default void aFileIsDataToItsEnd() throws Exception {
        mount().python("""
                fd = os.open('file', os.O_RDWR | os.O_CREAT)
                os.pwrite(fd, b'end', 1 << 20)
                size = (1 << 20) + 3
                assert os.lseek(fd, 5, os.SEEK_DATA) == 5
                assert os.lseek(fd, 5, os.SEEK_HOLE) == size
                fails('ENXIO', os.lseek, fd, size, os.SEEK_DATA)
                fails('ENXIO', os.lseek, fd, size, os.SEEK_HOLE)
                os.close(fd)
                """);
    }

    @Test
    default void filesAreCopiedInsideTheKernel() throws Exception {
        mount().python("""
                data = random.Random(4).randbytes(3 << 20)
                write('from', data[:1 << 20])
                with open('from', 'ab') as f:
                    f.write(data[1 << 20:])
                with open('from', 'rb') as source, open('sent', 'wb') as sink:
                    while os.sendfile(sink.fileno(), source.fileno(), None, 1 << 20):
                        pass
                with open('from', 'rb') as source, open('ranged', 'wb') as sink:
                    while os.copy_file_range(source.fileno(), sink.fileno(), 1 << 20):
                        pass
                subprocess.run(['cp', '--sparse=always', 'from', 'copied'], check=True)
                for name in ('sent', 'ranged', 'copied'):
                    assert read(name) == data == read(S + '/' + name), name
                """);
    }
}
