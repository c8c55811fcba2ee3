package dev.ninepin.mounted;

import org.junit.jupiter.api.Test;

/** Tests of open files whose names are removed, renamed or reused. */
interface OpenFiles extends OnAMount {
    @Test
    default void aFileThatIsRemovedWhileItIsOpenGoesOnWithoutAName() throws Exception {
        mount().python("""
                fd = os.open('file', os.O_RDWR | os.O_CREAT, 0o640)
                os.write(fd, b'0123456789')
                os.unlink('file')
                assert os.listdir('.') == []
                fails('ENOENT', os.stat, 'file')
                os.pwrite(fd, b'abc', 3)
                assert os.pread(fd, 100, 0) == b'012abc6789'
                assert os.fstat(fd).st_size == 10
                os.ftruncate(fd, 5)
                assert os.fstat(fd).st_size == 5
                os.fchmod(fd, 0o600)
                assert stat.S_IMODE(os.fstat(fd).st_mode) == 0o600
                os.utime(fd, ns=(1, 123456789123456789))
                assert os.fstat(fd).st_mtime_ns == 123456789123456789
                os.fsync(fd)
                os.fchown(fd, os.getuid(), os.getgid())
                again = os.open('/proc/self/fd/%d' % fd, os.O_RDWR)
                os.pwrite(again, b'AGAIN', 0)
                assert os.pread(fd, 100, 0) == b'AGAIN'
                os.close(again)
                write('file', b'another')
                assert os.pread(fd, 100, 0) == b'AGAIN'
                assert read('file') == b'another'
                os.unlink('file')
                os.close(fd)
                until(lambda: os.listdir(S) == [])
                """);
    }

    @Test
    default void aFileThatIsRenamedOverWhileItIsOpenGoesOnWithoutAName() throws Exception {
        mount().python("""
                write('target', b'old')
                write('new', b'new')
                fd = os.open('target', os.O_RDWR)
                os.rename('new', 'target')
                assert os.listdir('.') == ['target']
                assert os.pread(fd, 100, 0) == b'old' and read('target') == b'new' == read(S + '/target')
                os.ftruncate(fd, 0)
                os.write(fd, b'OLD!')
                os.fchmod(fd, 0o777)
                os.utime(fd, ns=(1, 1))
                os.fsync(fd)
                assert os.fstat(fd).st_size == 4
                assert read('target') == b'new' == read(S + '/target')
                assert stat.S_IMODE(os.stat('target').st_mode) == 0o644
                os.close(fd)
                until(lambda: os.listdir(S) == ['target'])
                fd = os.open('target', os.O_RDONLY)
                fails('ENOENT', os.rename, 'missing', 'target')
                os.mkdir('directory')
                fails('ENOTDIR', os.rename, 'directory', 'target')
                assert sorted(os.listdir('.')) == ['directory', 'target'] == sorted(os.listdir(S))
                os.close(fd)
                """);
    }

    @Test
    default void aFileIsMadeWithoutANameAndMayGetOne() throws Exception {
        mount().python("""
                os.mkdir('d')
                fd = os.open('d', os.O_TMPFILE | os.O_RDWR, 0o640)
                os.write(fd, b'unnamed')
                assert os.listdir('d') == [] and os.fstat(fd).st_nlink == 0
                assert stat.S_IMODE(os.fstat(fd).st_mode) == 0o640 and os.fstat(fd).st_uid == os.getuid()
                path = '/proc/self/fd/%d' % fd
                write('taken', b'')
                fails('EEXIST', os.link, path, 'taken', src_dir_fd=fd, follow_symlinks=True)
                os.link(path, 'named', src_dir_fd=fd, follow_symlinks=True)
                assert os.fstat(fd).st_nlink == 1 == os.stat('named').st_nlink
                assert os.fstat(fd).st_ino == os.stat('named').st_ino
                os.write(fd, b' once')
                assert read('named') == b'unnamed once' == read(S + '/named')
                os.close(fd)
                until(lambda: os.listdir(S + '/d') == [])
                assert read('named') == b'unnamed once' and os.stat('named').st_nlink == 1
                os.chmod('named', 0o600)
                assert stat.S_IMODE(mode_there(S + '/named')) == 0o600

                # It goes when it is closed, and so may its directory before.
                fd = os.open('d', os.O_TMPFILE | os.O_WRONLY)
                os.write(fd, b'x')
                os.rmdir('d')
                os.write(fd, b'y')
                assert os.fstat(fd).st_size == 2
                os.close(fd)
                until(lambda: sorted(os.listdir(S)) == ['named', 'taken'])
                """);
    }

    @Test
    default void aTreeIsRemovedWithOpenFilesInIt() throws Exception {
        mount().python("""
                os.makedirs('tree/a/b')
                paths = ['tree/one', 'tree/a/two', 'tree/a/b/three']
                opened = [os.open(path, os.O_RDWR | os.O_CREAT) for path in paths]
                for fd in opened:
                    os.write(fd, b'%d' % fd)
                subprocess.run(['rm', '-rf', 'tree'], check=True)
                assert os.listdir('.') == []
                for fd in opened:
                    assert os.pread(fd, 10, 0) == b'%d' % fd
                    os.ftruncate(fd, 0)
                    os.close(fd)
                until(lambda: os.listdir(S) == [])
                """);
    }

    @Test
    default void directoriesAreRemovedWhileTheirFilesAreClosed() throws Exception {
        mount().python("""
                def task(i):
                    for n in range(60):
                        name = '%d-%d' % (i, n)
                        os.mkdir(name)
                        fd = os.open(name + '/file', os.O_RDWR | os.O_CREAT)
                        os.unlink(name + '/file')
                        os.close(fd)
                        os.rmdir(name)
                together(4, task)
                until(lambda: os.listdir(S) == [])
                """);
    }

    @Test
    default void manyProcessesMakeOpenAndRemoveTheSameNames() throws Exception {
        mount().python("""
                def task(i):
                    chance = random.Random(i)
                    for n in range(250):
                        name = 'name%d' % chance.randrange(3)
                        try:
                            act = chance.randrange(5)
                            if act == 0:
                                os.unlink(name)
                            elif act == 1:
                                os.rename(name, 'name%d' % chance.randrange(3))
                            else:
                                try:
                                    fd = os.open(name, os.O_RDWR | (os.O_CREAT if act > 2 else 0))
                                except OSError as e:
                                    # Another took the name away, twice, between look-up and open.
                                    assert e.errno in (errno.ENOENT, errno.ESTALE), e
                                    continue
                                os.pwrite(fd, b'%d' % i, i)
                                assert os.pread(fd, 1, i) == b'%d' % i
                                os.fstat(fd)
                                os.close(fd)
                        except OSError as e:
                            assert e.errno == errno.ENOENT and act < 2, e
                together(5, task)
                until(lambda: all(name.startswith('name') for name in os.listdir(S)))
                assert sorted(os.listdir('.')) == sorted(os.listdir(S))
                """);
    }

    @Test
    default void aThousandFilesAreOpenAtOnce() throws Exception {
        mount().python("""
                resource.setrlimit(resource.RLIMIT_NOFILE, (2048, 4096))
                opened = []
                for n in range(1000):
                    fd = os.open('file%d' % n, os.O_RDWR | os.O_CREAT)
                    os.write(fd, b'%d' % n)
                    opened.append(fd)
                for n, fd in enumerate(opened):
                    assert os.pread(fd, 10, 0) == b'%d' % n
                    os.unlink('file%d' % n) if n % 10 == 0 else None
                for n, fd in enumerate(opened):
                    os.pwrite(fd, b'!', 0)
                    assert os.pread(fd, 10, 0)[:1] == b'!'
                assert len(os.listdir('.')) == 900
                for fd in opened:
                    os.close(fd)
                """);
    }
}
