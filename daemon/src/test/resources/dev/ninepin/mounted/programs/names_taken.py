"""Changes open files and open directories whose names went on the server's side.

names_taken.py files | directories

Prints a line for each case that reached something else, then the number of cases and of those.
"""
import ctypes
import errno
import itertools
import os
import shutil
import stat
import sys
import traceback

from mounttest import until

S = os.environ['EXPORT']
MAPPED = os.environ['MAPPED'] == 'yes'
ALLOWED = (errno.ESTALE, errno.ENOENT)


def write(path, data):
    with open(path, 'wb') as f:
        f.write(data)


def xattrs(path):
    return {name: os.getxattr(path, name, follow_symlinks=False) for name in os.listxattr(path, follow_symlinks=False)}


def state(path):
    """All that a change may leave on a file or directory of the server's side."""
    seen = os.lstat(path)
    found = [(seen.st_mode, seen.st_uid, seen.st_gid, seen.st_nlink, seen.st_mtime_ns, seen.st_ctime_ns), xattrs(path)]
    if stat.S_ISDIR(seen.st_mode):
        found.append({name: state(os.path.join(path, name)) for name in sorted(os.listdir(path))})
    else:
        with open(path, 'rb') as f:
            found.append(f.read())
    return found


# How a name goes. Each gives the path of what must stay as it is, or None, and that of what is meant, or None.

def renamed(path):
    os.rename(path, path + '.1')
    return None, path + '.1'


def renamed_and_taken(path, make):
    os.rename(path, path + '.1')
    make(path)
    return path, path + '.1'


def remove(path):
    shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)


def removed(path):
    remove(path)
    return None, None


def removed_and_taken(path, make):
    remove(path)
    make(path)
    return path, None


def replaced(path, make):
    make(path + '.other')
    if os.path.isdir(path):
        for name in os.listdir(path):
            remove(os.path.join(path, name))
    os.rename(path + '.other', path)
    return path, None


def exchanged(path, make):
    make(path + '.other')
    os.rename(path, path + '.1')
    os.rename(path + '.other', path)
    return path, path + '.1'


def above_taken(path, make):
    above = os.path.dirname(path)
    os.rename(above, above + '.1')
    os.mkdir(above)
    make(path)
    return path, os.path.join(above + '.1', os.path.basename(path))


def make_file(path):
    write(path, b'precious' * 10)
    os.setxattr(path, 'user.mine', b'theirs')
    if MAPPED:
        os.setxattr(path, 'user.virtfs.mode', (0o100644).to_bytes(4, 'little'))


def make_directory(path):
    os.mkdir(path)
    make_file(os.path.join(path, 'file'))
    os.mkdir(os.path.join(path, 'directory'))


WAYS = {
    'renamed': lambda path, make: renamed(path),
    'renamed and taken': renamed_and_taken,
    'removed': lambda path, make: removed(path),
    'removed and taken': removed_and_taken,
    'replaced': replaced,
    'exchanged': exchanged,
    'above taken': above_taken,
}

def link_to(fd, name):
    """linkat(2) of what is open, by its link in /proc, which os.link does not follow."""
    at_fdcwd, at_symlink_follow = -100, 0x400
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.linkat(at_fdcwd, b'/proc/self/fd/%d' % fd, at_fdcwd, name.encode(), at_symlink_follow) != 0:
        raise OSError(ctypes.get_errno(), 'linkat')


FILE_CHANGES = {
    'ftruncate shorter': lambda fd: os.ftruncate(fd, 3),
    'ftruncate longer': lambda fd: os.ftruncate(fd, 1000),
    'fchmod': lambda fd: os.fchmod(fd, 0o604),
    'fchown': lambda fd: os.fchown(fd, 11, 22),
    'futimens': lambda fd: os.utime(fd, ns=(10**18, 10**18)),
    'fsetxattr': lambda fd: os.setxattr(fd, 'user.new', b'new'),
    'fsetxattr again': lambda fd: os.setxattr(fd, 'user.mine', b'changed'),
    'fremovexattr': lambda fd: os.removexattr(fd, 'user.mine'),
    'linkat': lambda fd: link_to(fd, 'linked'),
}

FILE_CHANGED = {
    'ftruncate shorter': lambda fd: os.fstat(fd).st_size == 3,
    'ftruncate longer': lambda fd: os.fstat(fd).st_size == 1000,
    'fchmod': lambda fd: stat.S_IMODE(os.fstat(fd).st_mode) == 0o604,
    'fchown': lambda fd: (os.fstat(fd).st_uid, os.fstat(fd).st_gid) == (11, 22) or os.getuid() != 0,
    'futimens': lambda fd: os.fstat(fd).st_mtime_ns == 10**18,
    'fsetxattr': lambda fd: os.getxattr(fd, 'user.new') == b'new',
    'fsetxattr again': lambda fd: os.getxattr(fd, 'user.mine') == b'changed',
    'fremovexattr': lambda fd: 'user.mine' not in os.listxattr(fd),
    'linkat': lambda fd: os.stat('linked').st_ino == os.fstat(fd).st_ino,
}

DIRECTORY_CHANGES = {
    'unlinkat': lambda fd: os.unlink('file', dir_fd=fd),
    'rmdir': lambda fd: os.rmdir('directory', dir_fd=fd),
    'mkdirat': lambda fd: os.mkdir('new', dir_fd=fd),
    'openat': lambda fd: os.close(os.open('new', os.O_CREAT | os.O_RDWR, dir_fd=fd)),
    'mknodat': lambda fd: os.mknod('new', stat.S_IFREG | 0o600, dir_fd=fd),
    'symlinkat': lambda fd: os.symlink('target', 'new', dir_fd=fd),
    'linkat': lambda fd: os.link('beside', 'new', dst_dir_fd=fd),
    'renameat': lambda fd: os.rename('file', 'renamed', src_dir_fd=fd, dst_dir_fd=fd),
}

DIRECTORY_WAYS = ('renamed', 'renamed and taken', 'removed and taken', 'exchanged', 'above taken')


def clear():
    for path in (S, '.'):
        for name in os.listdir(path):
            remove(os.path.join(path, name)) if not os.path.islink(os.path.join(path, name)) else os.remove(os.path.join(path, name))


def attempt(change, fd):
    """Whether the change was made; refused is fine, in one of the ways that tell what happened."""
    try:
        change(fd)
        return True
    except OSError as e:
        assert e.errno in ALLOWED, e
        return False


def run(kind, changes, changed, ways, flags, make):
    cases = wrong = 0
    for (change, way, flag) in itertools.product(changes, ways, flags):
        if change.startswith('ftruncate') and flag == os.O_RDONLY:
            flag = os.O_WRONLY
        cases += 1
        os.mkdir('above')
        if kind == 'file':
            write('above/name', b'mine' * 10)
            os.setxattr('above/name', 'user.mine', b'mine')
        else:
            os.mkdir('above/name')
            write('above/name/file', b'mine')
            os.mkdir('above/name/directory')
        write('beside', b'')
        fd = os.open('above/name', flag)
        try:
            other, meant = WAYS[way](os.path.join(S, 'above/name'), make)
            before = other and state(other)
            done = attempt(changes[change], fd)
            if other and state(other) != before:
                raise AssertionError('another was changed: %s is now %s' % (before, state(other)))
            if done and kind == 'file' and not changed[change](fd):
                raise AssertionError('it succeeded, and nothing has changed')
            if done and kind == 'directory':
                names = sorted(os.listdir(meant))
                if names == ['directory', 'file']:
                    raise AssertionError('it succeeded, and nothing has changed: %s' % names)
        except Exception as e:
            wrong += 1
            print('%s, %s, %o: %s' % (change, way, flag, e))
            if not isinstance(e, (AssertionError, OSError)):
                traceback.print_exc(file=sys.stdout)
        finally:
            os.close(fd)
            clear()
    # What was removed on the server's side, the kernel forgets when it looks again.
    for name in ('above/name', 'above', 'beside', 'linked'):
        until(lambda: not os.path.lexists(name))
    print('%d cases, %d reached another %s' % (cases, wrong, kind))


if sys.argv[1] == 'files':
    run('file', FILE_CHANGES, FILE_CHANGED, WAYS, (os.O_RDONLY, os.O_RDWR), make_file)
else:
    run('directory', DIRECTORY_CHANGES, None, DIRECTORY_WAYS, (os.O_RDONLY,), make_directory)
