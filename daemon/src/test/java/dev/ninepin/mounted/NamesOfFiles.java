package dev.ninepin.mounted;

import dev.ninepin.operations.CacheMode;
import org.junit.jupiter.api.Test;

/** Tests of names: unusual names, links, renames, and races for the same name. */
interface NamesOfFiles extends OnAMount {
    @Test
    default void aNameIsAnyBytesButSlashAndNul() throws Exception {
        mount().python("use_odd_names()");
    }

    @Test
    default void namesThatDifferInCaseAreTwo() throws Exception {
        mount().python("""
                write('Name', b'1')
                fails('ENOENT', os.stat, 'name')
                write('name', b'2')
                os.rename('Name', 'NAME')
                assert read('NAME') == b'1' and read('name') == b'2'
                assert sorted(os.listdir('.')) == ['NAME', 'name'] == sorted(os.listdir(S))
                """);
    }

    /** diod passes whole paths to its kernel, so the length of a path is limited. */
    @Test
    default void deepPathsAreReachedInSteps() throws Exception {
        mount().python("""
                deepest = 60 if UNLIMITED else 10
                at = os.open('.', os.O_RDONLY)
                numbers = [os.fstat(at).st_ino]
                def step(at, name):
                    new = os.open(name, os.O_RDONLY, dir_fd=at)
                    os.close(at)
                    return new
                for _ in range(deepest):
                    os.mkdir(b'd' * 255, dir_fd=at)
                    at = step(at, b'd' * 255)
                    numbers.append(os.fstat(at).st_ino)
                assert len(set(numbers)) == deepest + 1
                if not UNLIMITED:
                    for _ in range(6):
                        try:
                            os.mkdir(b'd' * 255, dir_fd=at)
                        except OSError as e:
                            assert e.errno == errno.ENAMETOOLONG, e
                            break
                        at = step(at, b'd' * 255)
                        numbers.append(os.fstat(at).st_ino)
                    else:
                        raise AssertionError('no end')
                else:
                    os.fchdir(at)
                    write('file', b'deep')
                    os.rename('file', 'renamed')
                    os.link('renamed', 'again')
                    os.symlink('renamed', 'link')
                    os.chmod('link', 0o600)
                    assert read('link') == b'deep' and os.stat('again').st_nlink == 2
                    assert sorted(os.listdir('.')) == ['again', 'link', 'renamed']
                    for name in ('again', 'link', 'renamed'):
                        os.unlink(name)
                # And up again, each .. being where we came from.
                while len(numbers) > 1:
                    assert os.fstat(at).st_ino == numbers.pop() == os.stat('.', dir_fd=at).st_ino
                    at = step(at, '..')
                    assert os.fstat(at).st_ino == numbers[-1]
                    os.rmdir(b'd' * 255, dir_fd=at)
                os.close(at)
                """.replace("UNLIMITED", kind().takesLongPaths() ? "True" : "False"));
    }

    @Test
    default void dotsNumbersAndLinkCountsAreThoseOfALocalDirectory() throws Exception {
        mount().python("""
                os.makedirs('a/b')
                os.mkdir('c')
                write('a/file', b'')
                def number(path):
                    return os.stat(path).st_ino
                def links(*paths):
                    here = [os.stat(path).st_nlink for path in paths]
                    assert here == [os.stat(S + '/' + path).st_nlink for path in paths]
                    return here
                names = ('.', 'a', 'a/b', 'c', 'a/file')
                numbers = [number(name) for name in names]
                assert len(set(numbers)) == len(names)
                assert numbers == [os.stat(S + '/' + name).st_ino for name in names]
                # What a directory counts is the file system's own affair; that it is the server's number is ours.
                assert links(*names)[-1] == 1
                assert number('a/.') == number('a/b/..') == number('a') and number('a/..') == number('.')
                os.rename('a/b', 'c/moved')
                links('a', 'c', 'c/moved')
                assert number('c/moved/..') == number('c') and number('c/moved') == numbers[2]
                os.link('a/file', 'c/second')
                os.rename('a/file', 'c/moved/third')
                assert number('c/second') == number('c/moved/third') == numbers[4]
                assert links('c/second', 'c/moved/third') == [2, 2]
                write('c/moved/other', b'')
                os.rename('c/moved/other', 'c/second')
                assert links('c/second', 'c/moved/third') == [1, 1]
                for call, path, error in ((os.rmdir, 'c/.', 'EINVAL'), (os.rmdir, 'c/moved/..', 'ENOTEMPTY'),
                                          (os.mkdir, 'c/.', 'EEXIST'), (os.mkdir, 'c/..', 'EEXIST'),
                                          (os.unlink, 'c/.', 'EISDIR'), (os.unlink, 'c/moved/third/.', 'ENOTDIR')):
                    fails(error, call, path)
                fails('EBUSY', os.rename, 'c/.', 'd')
                fails('EBUSY', os.rename, 'a', 'c/..')
                os.unlink('c/moved/third')
                os.rmdir('c/moved')
                links('c', '.')
                """);
    }

    @Test
    default void ofEightWhoMakeAFileAtOnceOneWins() throws Exception {
        mount().python("""
                def race(i):
                    won = 0
                    for n in range(60):
                        try:
                            os.close(os.open('file%d' % n, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
                            won += 1
                        except FileExistsError:
                            pass
                    return won
                assert sum(together(8, race)) == 60
                def link(i):
                    try:
                        os.link('file0', 'lock')
                        return 1
                    except FileExistsError:
                        return 0
                assert sum(together(8, link)) == 1
                def directory(i):
                    try:
                        os.mkdir('directory')
                        return 1
                    except FileExistsError:
                        return 0
                assert sum(together(8, directory)) == 1
                """);
    }

    @Test
    default void aFileMadeByManyAtOnceIsOneFile() throws Exception {
        mount().python("""
                def add(i):
                    for n in range(40):
                        write('file%d' % n, b'%d\\n' % i, os.O_CREAT | os.O_APPEND)
                together(6, add)
                for n in range(40):
                    assert sorted(read('file%d' % n).split()) == [b'%d' % i for i in range(6)], read('file%d' % n)
                """);
    }

    @Test
    default void aNameThatIsRenamedOverIsNeverMissing() throws Exception {
        mount().python("""
                write('target', b'0')
                def task(i):
                    if i == 0:
                        for n in range(400):
                            write('new', b'%d' % n)
                            os.rename('new', 'target')
                        write('done', b'')
                    else:
                        while not os.path.exists('done'):
                            os.stat('target')
                together(3, task)
                assert read('target') == b'399' == read(S + '/target')
                assert sorted(os.listdir('.')) == ['done', 'target']
                """);
    }

    @Test
    default void aDirectoryIsRenamedWithOpenFilesAndACurrentDirectoryInIt() throws Exception {
        mount().python("""
                os.makedirs('a/b/c')
                os.mkdir('z')
                with open('a/b/file', 'w+b') as f:
                    f.write(b'before ')
                    f.flush()
                    os.chdir('a/b/c')
                    above = os.stat('..').st_ino
                    os.rename('../../../a', '../../../z/moved')
                    f.write(b'after')
                    f.flush()
                    assert os.getcwd().endswith('/z/moved/b/c'), os.getcwd()
                    assert os.stat('..').st_ino == above
                    assert os.fstat(f.fileno()).st_size == 12
                    os.ftruncate(f.fileno(), 6)
                    write('here', b'x')
                    assert sorted(os.listdir('..')) == ['c', 'file']
                assert read(S + '/z/moved/b/file') == b'before'
                assert read(S + '/z/moved/b/c/here') == b'x'
                os.rename('../../b', '../../../b')
                assert read('../file') == b'before'
                fails('EINVAL', os.rename, '../../../z', '../../../z/moved/z')
                fails('ENOENT', os.stat, S + '/a')
                """);
    }

    @Test
    default void renameKeepsTheRulesOfPosix() throws Exception {
        mount().python("""
                write('file', b'file')
                write('other', b'other')
                os.mkdir('directory')
                os.mkdir('empty')
                write('directory/inside', b'')
                fails('EISDIR', os.rename, 'file', 'directory')
                fails('ENOTDIR', os.rename, 'directory', 'file')
                fails('ENOTEMPTY', os.rename, 'empty', 'directory')
                fails('ENOENT', os.rename, 'missing', 'file')
                os.rename('directory', 'empty')
                assert os.listdir('empty') == ['inside']
                os.link('file', 'again')
                os.rename('file', 'again')
                assert read('file') == read('again') == b'file'
                os.rename('file', 'other')
                assert read('other') == b'file'
                number = os.stat('other').st_ino
                os.rename('other', 'empty/other')
                assert os.stat('empty/other').st_ino == number
                fails('ENOTEMPTY', os.rmdir, 'empty')
                fails('ENOTDIR', os.rmdir, 'empty/other')
                fails('EISDIR', os.unlink, 'empty')
                fails('EEXIST', os.mkdir, 'empty')
                fails('ENOTDIR', os.stat, 'again/below')
                """);
    }

    @Test
    default void aRenameThatMayNotReplaceDoesNot() throws Exception {
        mount().python("""
                write('file', b'file')
                write('other', b'other')
                os.symlink('nowhere', 'link')
                os.makedirs('directory/inside')
                os.mkdir('empty')
                for old in ('file', 'link', 'directory'):
                    for new in ('other', 'empty'):
                        fails('EEXIST', rename2, old, new, 1)
                number = os.stat('file').st_ino
                with open('file', 'r+b') as f:
                    rename2('file', 'empty/renamed', 1)
                    assert os.fstat(f.fileno()).st_ino == number and os.fstat(f.fileno()).st_nlink == 1
                    f.write(b'FILE')
                    f.flush()
                    os.fchmod(f.fileno(), 0o600)
                assert read('empty/renamed') == b'FILE' == read(S + '/empty/renamed')
                assert os.stat('empty/renamed').st_ino == number
                assert stat.S_IMODE(mode_there(S + '/empty/renamed')) == 0o600
                rename2('link', 'empty/link', 1)
                assert os.readlink('empty/link') == 'nowhere'
                rename2('directory', 'moved', 1)
                assert os.listdir('moved') == ['inside']
                fails('ENOENT', rename2, 'missing', 'new', 1)
                fails('EINVAL', rename2, 'empty', 'moved', 2)
                fails('EINVAL', rename2, 'other', 'new', 4)
                assert sorted(os.listdir('.')) == ['empty', 'moved', 'other'] == sorted(os.listdir(S))
                """);
    }

    /** The kernel caches that the name does not exist, so only the server can detect the conflict. */
    @Test
    default void aRenameDoesNotReplaceWhatOnlyTheServerKnowsOf() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(CacheMode.LOOSE).mount()) {
            mount.python("""
                    write('file', b'mine')
                    os.mkdir('directory')
                    for name in ('new', 'newer'):
                        fails('ENOENT', os.stat, name)
                    write(S + '/new', b'theirs')
                    os.mkdir(S + '/newer')
                    fails('ENOENT', os.stat, 'new')
                    fails('EEXIST', rename2, 'file', 'new', 1)
                    fails('EEXIST', rename2, 'directory', 'newer', 1)
                    assert read(S + '/new') == b'theirs' and read(S + '/file') == b'mine'
                    assert os.path.isdir(S + '/directory')
                    """);
        }
    }

    @Test
    default void ofEightWhoRenameToOneNameWithoutReplacingOneWins() throws Exception {
        mount().python("""
                def task(i):
                    won = 0
                    for n in range(25):
                        write('%d-%d' % (n, i), b'%d' % i)
                        try:
                            rename2('%d-%d' % (n, i), 'target%d' % n, 1)
                            won += 1
                        except FileExistsError:
                            os.unlink('%d-%d' % (n, i))
                    return won
                assert sum(together(8, task)) == 25
                assert sorted(os.listdir('.')) == sorted('target%d' % n for n in range(25)) == sorted(os.listdir(S))
                """);
    }

    @Test
    default void hardLinksAreOneFile() throws Exception {
        mount().python("""
                write('one', b'1')
                os.link('one', 'two')
                os.mkdir('d')
                os.link('two', 'd/three')
                numbers = {os.stat(name).st_ino for name in ('one', 'two', 'd/three')}
                assert len(numbers) == 1 and os.stat('one').st_nlink == 3
                write('d/three', b'333')
                assert read('one') == b'333' and os.stat('one').st_size == 3
                os.unlink('one')
                assert read('two') == b'333' and os.stat('two').st_nlink == 2
                os.unlink('two')
                os.chmod('d/three', 0o600)
                assert os.stat('d/three').st_nlink == 1
                fails('EEXIST', os.link, 'd/three', 'd')
                fails('EPERM', os.link, 'd', 'e')
                os.symlink('d/three', 'link')
                os.link('link', 'link2', follow_symlinks=False)
                assert os.readlink('link2') == 'd/three' and read('link2') == b'333'
                """);
    }

    @Test
    default void symbolicLinksLeadAnywhere() throws Exception {
        mount().python("""
                target = '/'.join(['t' * 100] * 40)
                os.symlink(target, 'long')
                assert os.readlink('long') == target
                assert os.lstat('long').st_size == len(target)
                os.symlink('nowhere', 'dangling')
                fails('ENOENT', os.stat, 'dangling')
                os.symlink('loop', 'loop')
                fails('ELOOP', os.stat, 'loop')
                os.makedirs('a/b')
                write('a/file', b'found')
                os.symlink('../file', 'a/b/up')
                assert read('a/b/up') == b'found'
                os.symlink(os.getcwd() + '/a', 'absolute')
                assert read('absolute/file') == b'found'
                fails('EEXIST', os.symlink, 'x', 'long')
                """);
    }
}
