package dev.ninepin.mounted;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Tests of listing directories. */
interface Directories extends OnAMount {
    @Test
    default void tenThousandEntriesAreListedWithoutLossOrDoubleWhileOthersComeAndGo() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).mount()) {
            mount.python("""
                    os.mkdir('big')
                    stays = {'stays%05d' % i for i in range(10000)}
                    for name in stays:
                        os.mknod(S + '/big/' + name)
                    def task(i):
                        if i < 2:
                            where = ('big', S + '/big')[i]
                            n = 0
                            while not os.path.exists(S + '/done'):
                                n += 1
                                name = '%s/comes%d-%d' % (where, i, n % 300)
                                if os.path.exists(name):
                                    os.unlink(name)
                                else:
                                    os.mknod(name)
                        else:
                            for _ in range(6):
                                listings = [[entry.name for entry in os.scandir('big')], os.listdir('big'),
                                            subprocess.check_output(['ls', '-U', 'big'], text=True).split()]
                                for listing in listings:
                                    stayed = [name for name in listing if name.startswith('stays')]
                                    assert len(stayed) == len(set(stayed)), 'doubled'
                                    assert set(stayed) == stays, 'lost %d' % len(stays - set(stayed))
                            write(S + '/done', b'')
                    together(3, task)
                    """);
        }
    }

    @Test
    default void aListingGoesOnWhereItWasAndStartsAgainWhenRewound() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).mount()) {
            mount.python("""
                    names = {'%0200d' % i for i in range(700)}
                    for name in names:
                        os.mknod(S + '/' + name)
                    libc = ctypes.CDLL(None, use_errno=True)
                    class Dirent(ctypes.Structure):
                        _fields_ = [('ino', ctypes.c_uint64), ('off', ctypes.c_int64), ('reclen', ctypes.c_ushort),
                                    ('type', ctypes.c_ubyte), ('name', ctypes.c_char * 256)]
                    libc.opendir.restype = ctypes.c_void_p
                    libc.readdir.restype = ctypes.POINTER(Dirent)
                    libc.telldir.restype = ctypes.c_long
                    opened = ctypes.c_void_p(libc.opendir(b'.'))
                    def rest():
                        seen = []
                        while entry := libc.readdir(opened):
                            # 32-bit programs can't take more.
                            assert 0 < entry.contents.off < 1 << 31, entry.contents.off
                            seen.append(entry.contents.name)
                        return seen
                    def some(count):
                        return [libc.readdir(opened).contents.name for _ in range(count)]
                    first = some(200)
                    place = ctypes.c_long(libc.telldir(opened))
                    second = rest()
                    everything = {os.fsencode(name) for name in names} | {b'.', b'..'}
                    assert set(first + second) == everything and len(first + second) == 702
                    libc.seekdir(opened, place)
                    assert rest() == second
                    os.mknod('one more')
                    libc.rewinddir(opened)
                    assert set(rest()) == everything | {b'one more'}
                    libc.closedir(opened)
                    """);
        }
    }

    @Test
    default void aListingWithAttributesIsRightAndTakesFewRoundTripsOfTheKernel() throws Exception {
        // With few fids, most of those that the listing creates are clunked again at once.
        try (TestMount mount = MountSetup.of(kind()).maxFids(20).mount()) {
            mount.python("""
                    os.mkdir(S + '/d')
                    for i in range(500):
                        write(S + '/d/%d' % i, b'x' * (i % 7))
                    os.mkdir(S + '/d/directory')
                    os.symlink('5', 'd/link')
                    """);
            mount.python("""
                    seen = {entry.name: entry.stat(follow_symlinks=False) for entry in os.scandir('d')}
                    assert len(seen) == 502
                    for i in range(500):
                        assert seen['%d' % i].st_size == i % 7 and seen['%d' % i].st_nlink == 1
                        assert seen['%d' % i].st_ino == os.stat(S + '/d/%d' % i).st_ino
                    assert stat.S_ISDIR(seen['directory'].st_mode) and stat.S_ISLNK(seen['link'].st_mode)
                    assert read('d/6') == b'x' * 6
                    os.rename('d/6', 'd/7')
                    os.unlink('d/8')
                    assert read('d/7') == b'x' * 6 and len(os.listdir('d')) == 500
                    """);
            assertThat(mount.kernelRequests("readdirplus")).isPositive();
            assertThat(mount.kernelRequests("lookup")).isLessThan(100);
        }
    }

    @Test
    default void entriesHaveTheNumbersOfTheirFiles() throws Exception {
        mount().python("""
                os.mkdir('directory')
                write('file', b'')
                os.symlink('file', 'link')
                for entry in os.scandir('.'):
                    assert entry.inode() == os.lstat(entry.name).st_ino, entry
                    assert entry.is_dir(follow_symlinks=False) == (entry.name == 'directory')
                    assert entry.is_symlink() == (entry.name == 'link')
                assert os.stat('directory/..').st_ino == os.stat('.').st_ino
                """);
    }

    @Test
    default void aRemovedDirectoryThatIsOpenIsEmpty() throws Exception {
        mount().python("""
                os.makedirs('a/b')
                fd = os.open('a/b', os.O_RDONLY)
                os.chdir('a/b')
                os.rmdir('../../a/b')
                fails('ENOENT', os.getcwd)
                fails('ENOENT', write, 'new', b'')
                fails('ENOENT', os.stat, '../b')
                # readdir(3) takes getdents(2)'s ENOENT for the end.
                assert os.listdir(fd) == os.listdir('.') == []
                os.fchmod(fd, 0o700)
                os.utime(fd, (1, 2))
                os.fsync(fd)
                assert os.fstatvfs(fd).f_bsize > 0
                found = os.stat('.')
                assert found.st_nlink == 0 and stat.S_IMODE(found.st_mode) == 0o700, found
                assert found.st_atime == 1 and found.st_mtime == 2, found
                os.close(fd)
                """);
    }

    @Test
    default void aRemovedFileThatIsOpenAsAPathOnlyHasItsAttributesAndNoName() throws Exception {
        mount().python("""
                write('file', b'four')
                fd = os.open('file', os.O_PATH)
                os.unlink('file')
                write('file', b'another')
                found = os.fstat(fd)
                assert found.st_nlink == 0 and found.st_size == 4, found
                os.close(fd)
                """);
    }
}
