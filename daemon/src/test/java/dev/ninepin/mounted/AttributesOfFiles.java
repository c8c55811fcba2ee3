package dev.ninepin.mounted;

import org.junit.jupiter.api.Test;

/** Tests of modes, owners, times and statfs(2). */
interface AttributesOfFiles extends OnAMount {
    @Test
    default void modesAreSetAndAskedOf() throws Exception {
        mount().python("""
                write('file', b'')
                os.mkdir('directory')
                for name in ('file', 'directory'):
                    for mode in (0, 0o777, 0o4755, 0o2755, 0o1777, 0o644):
                        os.chmod(name, mode)
                        assert stat.S_IMODE(os.stat(name).st_mode) == mode
                        assert stat.S_IMODE(mode_there(S + '/' + name)) == mode
                os.umask(0o027)
                os.close(os.open('made', os.O_CREAT | os.O_WRONLY, 0o777))
                os.mkdir('also', 0o777)
                assert stat.S_IMODE(os.stat('made').st_mode) == 0o750 == stat.S_IMODE(os.stat('also').st_mode)
                os.close(os.open('unwritable', os.O_CREAT | os.O_RDWR, 0o400))
                assert stat.S_IMODE(os.stat('unwritable').st_mode) == 0o400
                assert os.access('file', os.R_OK | os.W_OK) and not os.access('file', os.X_OK)
                assert os.access('directory', os.X_OK) and not os.access('missing', os.F_OK)
                """);
    }

    @Test
    default void aFileCanBeMadeUnwritableAndStillBeWritten() throws Exception {
        mount().python("""
                fd = os.open('file', os.O_CREAT | os.O_RDWR, 0o000)
                os.write(fd, b'0123456789')
                os.ftruncate(fd, 4)
                assert os.pread(fd, 10, 0) == b'0123'
                os.fchmod(fd, 0o444)
                os.write(fd, b'more')
                os.close(fd)
                assert os.stat(S + '/file').st_size == 14
                """);
    }

    @Test
    default void ownersAreSet() throws Exception {
        mount().python("""
                write('file', b'')
                os.symlink('file', 'link')
                os.chown('file', 1234, 5678)
                seen = os.stat('file')
                assert (seen.st_uid, seen.st_gid) == (1234, 5678), seen
                os.chown('file', -1, 99)
                seen = os.stat('file')
                assert (seen.st_uid, seen.st_gid) == (1234, 99), seen
                os.lchown('link', 7, 8)
                seen = os.lstat('link')
                assert (seen.st_uid, seen.st_gid) == (7, 8), seen
                assert os.stat('file').st_uid == 1234
                if not MAPPED:
                    there = os.stat(S + '/file')
                    assert (there.st_uid, there.st_gid) == (1234, 99), there
                os.mkdir('given')
                os.chown('given', 0, 4321)
                os.chmod('given', 0o2775)
                write('given/file', b'')
                os.mkdir('given/directory')
                assert os.stat('given/file').st_gid == 4321 == os.stat('given/directory').st_gid
                assert os.stat('given/directory').st_mode & stat.S_ISGID
                """);
    }

    @Test
    default void timesAreSetToTheNanosecond() throws Exception {
        mount().python("""
                write('file', b'')
                os.mkdir('directory')
                os.symlink('file', 'link')
                for name in ('file', 'directory') if GANESHA else ('file', 'directory', 'link'):
                    for when in ((1, 2), (1234567890123456789, 987654321987654321), (0, 2 ** 31 * 10 ** 9 + 5)):
                        os.utime(name, ns=when, follow_symlinks=False)
                        seen = os.lstat(name)
                        assert (seen.st_atime_ns, seen.st_mtime_ns) == when, (name, seen)
                        there = os.lstat(S + '/' + name)
                        assert (there.st_atime_ns, there.st_mtime_ns) == when, (name, there)
                before = time.time() - 5
                os.utime('file')
                assert before < os.stat('file').st_mtime < time.time() + 5
                os.utime('file', ns=(5, 6))
                subprocess.run(['touch', '-m', 'file'], check=True)
                assert os.stat('file').st_atime_ns == 5 and os.stat('file').st_mtime > before
                os.utime('file', ns=(5, 6))
                write('file', b'new')
                assert os.stat('file').st_mtime > before
                changed = os.stat('file').st_ctime_ns
                os.chmod('file', 0o600)
                assert os.stat('file').st_ctime_ns > changed
                """);
    }

    @Test
    default void theFileSystemHasTheServersFigures() throws Exception {
        mount().python("""
                write('file', b'')
                os.symlink('file', 'link')
                def near(left, right):
                    return abs(left - right) <= 64 << 20
                for name in ('.', 'file', 'link'):
                    here, there = os.statvfs(name), os.statvfs(S)
                    for figure in ('f_blocks', 'f_bfree', 'f_bavail'):
                        assert near(getattr(here, figure) * here.f_frsize, getattr(there, figure) * there.f_frsize)
                    assert here.f_files == there.f_files and abs(here.f_ffree - there.f_ffree) < 5000
                    assert here.f_namemax == there.f_namemax
                subprocess.run(['df', '.'], check=True, stdout=subprocess.DEVNULL)
                """);
    }

    @Test
    default void fifosAreMadeWhereTheServerMakesThem() throws Exception {
        mount().python(kind().makesFifos() ? """
                os.mkfifo('fifo', 0o622)
                assert stat.S_ISFIFO(os.stat('fifo').st_mode)
                child = os.fork()
                if child == 0:
                    write('fifo', b'through', 0)
                    os._exit(0)
                assert read('fifo') == b'through'
                assert os.waitpid(child, 0)[1] == 0
                """ : "fails('ENXIO', os.mkfifo, 'fifo')");
    }
}
