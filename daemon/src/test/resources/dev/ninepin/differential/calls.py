"""The calls of the differential test, each with what it brings as text; Step.java says how they are written."""
import ctypes, errno, fcntl, mmap, os, stat, struct, zlib

libc = ctypes.CDLL(None, use_errno=True)
libc.opendir.restype = libc.fdopendir.restype = libc.readdir.restype = ctypes.c_void_p
libc.telldir.restype = ctypes.c_long
for name in ('readdir', 'telldir', 'rewinddir', 'closedir', 'dirfd'):
    getattr(libc, name).argtypes = [ctypes.c_void_p]
libc.seekdir.argtypes = [ctypes.c_void_p, ctypes.c_long]
libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long]

AT_FDCWD, AT_SYMLINK_NOFOLLOW, AT_SYMLINK_FOLLOW, AT_EMPTY_PATH = -100, 0x100, 0x400, 0x1000
SEEK = {'SET': 0, 'CUR': 1, 'END': 2, 'DATA': 3, 'HOLE': 4}
TYPES = {'reg': stat.S_IFREG, 'fifo': stat.S_IFIFO, 'sock': stat.S_IFSOCK, 'chr': stat.S_IFCHR, 'blk': stat.S_IFBLK}
# What is written: any part of it tells where in it it is from.
PATTERN = b''.join(struct.pack('<I', zlib.crc32(b'%d' % i)) for i in range(1 << 17))

# A process of a sequence sees no /proc by a path.
proc = os.open('/proc', os.O_PATH)
# By call: the errno that stands for what the other side's server is not able to do.
unable = {}
# Whether files are named by what outlives their inode numbers.
handles = False


class Failed(Exception):
    """A call has failed; the argument is the errno's name."""


def pattern(count, seed):
    return PATTERN[seed * 97:seed * 97 + count]


def summary(data):
    """A few bytes as they are, more by their number and checksum."""
    return '%d:%s' % (len(data), data.hex() if len(data) <= 8 else '%08x' % zlib.crc32(data))


def check(result):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def name_of(error):
    return 'EOPNOTSUPP' if error.errno == errno.EOPNOTSUPP else errno.errorcode.get(error.errno, str(error.errno))


def unescape(text):
    """A path's bytes: in the text, '%xx' is any byte, and '%' is the empty path."""
    if '%' not in text:
        return os.fsencode(text)
    if text == '%':
        return b''
    parts = text.split('%')
    return parts[0].encode() + b''.join(bytes([int(part[:2], 16)]) + part[2:].encode() for part in parts[1:])


class Directory:
    """An open directory stream."""

    def __init__(self, fd):
        self.stream = libc.fdopendir(fd)
        if not self.stream:
            os.close(fd)
            check(-1)

    def read(self, most=1 << 30):
        entries = []
        while len(entries) < most:
            place = libc.telldir(self.stream)
            entry = libc.readdir(self.stream)
            if not entry:
                break
            entries.append((place, ctypes.string_at(entry + 19)))
        return entries

    def close(self):
        libc.closedir(self.stream)


class Process:
    """A process of the sequence: what it has open, by the numbers in the sequence."""

    def __init__(self):
        self.fds, self.maps, self.directories = {}, {}, {}

    def run(self, line):
        words = line.split(' ')
        try:
            result = getattr(self, 'call_' + words[1])(*words[2:])
            return 'ok' if result is None else 'ok ' + result
        except OSError as e:
            return name_of(e)
        except Failed as e:
            return e.args[0]

    def end(self):
        """What the end of a process does; nobody hears of what fails then."""
        for there in self.maps.values():
            there.close()
        for directory in self.directories.values():
            directory.close()
        for fd in self.fds.values():
            try:
                os.close(fd)
            except OSError:
                pass

    # Arguments

    def fd(self, number):
        try:
            return self.fds[number]
        except KeyError:
            raise Failed('EBADF') from None

    def path(self, text):
        """The path and the directory that it is relative to: '3:a/b' is below descriptor 3."""
        at, colon, rest = text.partition(':')
        if colon:
            return unescape(rest), self.fd(at)
        return unescape(text), None

    def at(self, text):
        """The same, for calls through libc."""
        path, at = self.path(text)
        return (AT_FDCWD if at is None else at), ctypes.c_char_p(path)

    # Calls that may be beyond the other side's server

    def refuse_new(self, call, path, at):
        """The call would make a file with this path, if it could."""
        if call not in unable:
            return
        try:
            os.lstat(path) if at is None else os.stat(path, dir_fd=at, follow_symlinks=False)
        except FileNotFoundError:
            parent, name = os.path.split(path)
            if not path or path.endswith(b'/') or len(name) > 255:
                return
            if os.access(parent or b'.', os.W_OK | os.X_OK, dir_fd=at, effective_ids=True):
                raise Failed(unable[call]) from None
        except OSError:
            pass

    # Descriptors

    def call_open(self, number, text, flags, mode):
        path, at = self.path(text)
        bits = os.O_NONBLOCK | os.O_CLOEXEC
        for flag in flags.split('|'):
            bits |= getattr(os, 'O_' + flag)
        fd = os.open(path, bits, int(mode, 8), dir_fd=at)
        if number in self.fds:
            os.close(self.fds[number])
        self.fds[number] = fd

    def call_close(self, number):
        fd = self.fd(number)
        del self.fds[number]
        os.close(fd)

    def call_dup(self, number, other):
        fd = os.dup(self.fd(number))
        if other in self.fds:
            os.close(self.fds[other])
        self.fds[other] = fd

    def call_setfl(self, number, flags):
        fcntl.fcntl(self.fd(number), fcntl.F_SETFL, os.O_NONBLOCK | (os.O_APPEND if flags == 'APPEND' else 0))

    def call_getfl(self, number):
        return '%o' % (fcntl.fcntl(self.fd(number), fcntl.F_GETFL) & (os.O_ACCMODE | os.O_APPEND | os.O_SYNC | os.O_PATH))

    # Data

    def call_read(self, number, count):
        return summary(os.read(self.fd(number), int(count)))

    def call_pread(self, number, offset, count):
        return summary(os.pread(self.fd(number), int(count), int(offset)))

    def call_readv(self, number, *counts):
        buffers = [bytearray(int(count)) for count in counts]
        got = os.readv(self.fd(number), buffers)
        return summary(b''.join(buffers)[:got])

    def call_write(self, number, count, seed):
        return str(os.write(self.fd(number), pattern(int(count), int(seed))))

    def call_pwrite(self, number, offset, count, seed):
        return str(os.pwrite(self.fd(number), pattern(int(count), int(seed)), int(offset)))

    def call_writev(self, number, seed, *counts):
        return str(os.writev(self.fd(number), [pattern(int(c), int(seed) + i) for i, c in enumerate(counts)]))

    def call_truncate(self, text, size):
        path, at = self.path(text)
        if at is None:
            os.truncate(path, int(size))
            return
        # There is no truncateat(2).
        fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK, dir_fd=at)
        try:
            os.ftruncate(fd, int(size))
        finally:
            os.close(fd)

    def call_ftruncate(self, number, size):
        os.ftruncate(self.fd(number), int(size))

    def call_fallocate(self, number, mode, offset, count):
        fd, mode, offset, count = self.fd(number), int(mode), int(offset), int(count)
        if 'fallocate' in unable:
            flags = fcntl.fcntl(fd, fcntl.F_GETFL)
            writes = flags & os.O_ACCMODE != os.O_RDONLY and not flags & os.O_PATH
            if offset >= 0 and count > 0 and writes and stat.S_ISREG(os.fstat(fd).st_mode):
                raise Failed(unable['fallocate'])
        check(libc.fallocate(fd, mode, offset, count))

    def call_lseek(self, number, offset, whence):
        fd, offset, how = self.fd(number), int(offset), SEEK[whence]
        if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_PATH:
            os.lseek(fd, offset, how)
        if (offset, how) != (0, 0) and stat.S_ISDIR(os.fstat(fd).st_mode):
            # Places in a directory are what the file system says they are: telldir(3).
            raise Failed('EISDIR')
        if how >= 3 and 'holes' in unable:
            # A file is data to its end, which is what a file system that knows no holes says.
            if stat.S_ISREG(os.fstat(fd).st_mode):
                size = os.fstat(fd).st_size
                if not 0 <= offset < size:
                    raise Failed('ENXIO')
                return str(os.lseek(fd, offset if how == 3 else size, 0))
        return str(os.lseek(fd, offset, how))

    def call_copyrange(self, number, offset, other, other_offset, count):
        return str(os.copy_file_range(self.fd(number), self.fd(other), int(count),
                                      None if offset == '-' else int(offset),
                                      None if other_offset == '-' else int(other_offset)))

    def call_sendfile(self, number, offset, other, count):
        return str(os.sendfile(self.fd(other), self.fd(number), None if offset == '-' else int(offset), int(count)))

    def call_fsync(self, number):
        os.fsync(self.fd(number))

    def call_fdatasync(self, number):
        os.fdatasync(self.fd(number))

    # Memory

    def mapped(self, number):
        if number not in self.maps:
            raise Failed('EFAULT')
        return self.maps[number]

    def call_mmap(self, number, other, offset, count, kind):
        flags = mmap.MAP_SHARED if kind.startswith('shared') else mmap.MAP_PRIVATE
        access = mmap.PROT_READ | (0 if kind.endswith('-ro') else mmap.PROT_WRITE)
        fd = self.fd(other)
        seen = os.fstat(fd)
        # Python maps neither nothing nor what is beyond the end. The size of a directory is the file system's own.
        if int(count) == 0 or (not stat.S_ISDIR(seen.st_mode) and int(offset) + int(count) > seen.st_size):
            raise Failed('ENXIO')
        made = mmap.mmap(fd, int(count), flags=flags, prot=access, offset=int(offset))
        if number in self.maps:
            self.maps.pop(number).close()
        self.maps[number] = made

    def call_mget(self, number, offset, count):
        return summary(self.mapped(number)[int(offset):int(offset) + int(count)])

    def call_mput(self, number, offset, count, seed):
        there = self.mapped(number)
        offset = min(int(offset), len(there))
        data = pattern(int(count), int(seed))[:len(there) - offset]
        try:
            there[offset:offset + len(data)] = data
        except TypeError:
            raise Failed('EACCES') from None

    def call_msync(self, number):
        self.mapped(number).flush()

    def call_munmap(self, number):
        self.mapped(number)
        self.maps.pop(number).close()

    # Names

    def call_link(self, text, other, follow):
        path, at = self.path(text)
        new, new_at = self.path(other)
        os.link(path, new, src_dir_fd=at, dst_dir_fd=new_at, follow_symlinks=follow == 'follow')

    def call_linkfd(self, number, other):
        """Gives an open file a name."""
        new_at, new = self.at(other)
        check(libc.linkat(proc, b'self/fd/%d' % self.fd(number), new_at, new, AT_SYMLINK_FOLLOW))

    def call_symlink(self, target, text):
        path, at = self.path(text)
        os.symlink(unescape(target), path, dir_fd=at)

    def call_readlink(self, text):
        path, at = self.path(text)
        return summary(os.readlink(path, dir_fd=at))

    def call_unlink(self, text):
        path, at = self.path(text)
        os.unlink(path, dir_fd=at)

    def call_rmdir(self, text):
        path, at = self.path(text)
        os.rmdir(path, dir_fd=at)

    def call_mkdir(self, text, mode):
        path, at = self.path(text)
        os.mkdir(path, int(mode, 8), dir_fd=at)

    def call_mknod(self, text, kind, mode, major, minor):
        path, at = self.path(text)
        # The kernel itself leaves devices to root, but for the one that overlays use as a mark.
        if os.geteuid() == 0 or kind not in ('chr', 'blk') or (kind, major, minor) == ('chr', '0', '0'):
            self.refuse_new('mknod-' + kind, path, at)
        os.mknod(path, TYPES[kind] | int(mode, 8), os.makedev(int(major), int(minor)), dir_fd=at)

    def call_rename(self, text, other, flags):
        at, path = self.at(text)
        new_at, new = self.at(other)
        bits = {'-': 0, 'NOREPLACE': 1, 'EXCHANGE': 2}[flags]
        check(libc.renameat2(at, path, new_at, new, bits))

    # Attributes

    def call_chmod(self, text, mode):
        path, at = self.path(text)
        os.chmod(path, int(mode, 8), dir_fd=at)

    def call_fchmod(self, number, mode):
        os.fchmod(self.fd(number), int(mode, 8))

    def call_chown(self, text, uid, gid, follow):
        path, at = self.path(text)
        os.chown(path, int(uid), int(gid), dir_fd=at, follow_symlinks=follow == 'follow')

    def call_fchown(self, number, uid, gid):
        os.fchown(self.fd(number), int(uid), int(gid))

    @staticmethod
    def times(*times):
        """NOW, OMIT or nanoseconds, as utimensat(2) takes them."""
        parts = []
        for one in times:
            special = {'NOW': (1 << 30) - 1, 'OMIT': (1 << 30) - 2}.get(one)
            parts += [0, special] if special else divmod(int(one), 10 ** 9)
        return struct.pack('=4q', *parts)

    def call_utimens(self, text, atime, mtime, follow):
        at, path = self.at(text)
        check(libc.utimensat(at, path, self.times(atime, mtime), 0 if follow == 'follow' else AT_SYMLINK_NOFOLLOW))

    def call_futimens(self, number, atime, mtime):
        check(libc.futimens(self.fd(number), self.times(atime, mtime)))

    def call_access(self, text, mode, who):
        path, at = self.path(text)
        bits = sum({'f': 0, 'r': 4, 'w': 2, 'x': 1}[c] for c in mode)
        at_number, path_pointer = self.at(text)
        check(libc.faccessat(at_number, path_pointer, bits, 0x200 if who == 'effective' else 0))

    def call_stat(self, text, follow):
        path, at = self.path(text)
        seen = os.stat(path, dir_fd=at, follow_symlinks=follow == 'follow')
        return attributes(seen, identity(path, at, follow == 'follow', seen))

    def call_fstat(self, number):
        fd = self.fd(number)
        seen = os.fstat(fd)
        return attributes(seen, identity(b'', fd, True, seen))

    def call_same(self, text, number):
        """Whether a path leads to an open file."""
        path, at = self.path(text)
        return str(os.path.samestat(os.stat(path, dir_fd=at), os.fstat(self.fd(number))))

    def call_statfs(self, text):
        path, at = self.path(text)
        fd = os.open(path, os.O_PATH, dir_fd=at)
        try:
            return figures(os.fstatvfs(fd))
        finally:
            os.close(fd)

    def call_fstatfs(self, number):
        return figures(os.fstatvfs(self.fd(number)))

    # Directories

    def call_list(self, text):
        """All entries, with their types and whether their inode numbers are those that stat(2) says."""
        path, at = self.path(text)
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY, dir_fd=at)
        try:
            with os.scandir(fd) as entries:
                return ' '.join(sorted(self.entry(fd, e) for e in entries))
        finally:
            os.close(fd)

    @staticmethod
    def entry(fd, entry):
        try:
            seen = os.stat(entry.name, dir_fd=fd, follow_symlinks=False)
        except OSError as e:
            return '%s:%s' % (escape(os.fsencode(entry.name)), name_of(e))
        number = '' if seen.st_ino == entry.inode() else ':other-inode'
        return '%s:%s%s' % (escape(os.fsencode(entry.name)), kind_of(seen.st_mode), number)

    def call_seekdir(self, text, step):
        """Reads a directory to its end, goes back to each step-th place and reads on, and rewinds."""
        path, at = self.path(text)
        directory = Directory(os.open(path, os.O_RDONLY | os.O_DIRECTORY, dir_fd=at))
        try:
            all = directory.read()
            for i in range(0, len(all), int(step)):
                libc.seekdir(directory.stream, all[i][0])
                rest = directory.read()
                if [name for _, name in rest] != [name for _, name in all[i:]]:
                    return 'from %d on: %s, not %s' % (i, rest, all)
            libc.rewinddir(directory.stream)
            again = directory.read()
            names = sorted(name for _, name in all)
            if sorted(name for _, name in again) != names:
                return 'rewound: %s, not %s' % (again, all)
            return ' '.join(escape(name) for name in names)
        finally:
            directory.close()

    def call_opendir(self, number, text):
        path, at = self.path(text)
        made = Directory(os.open(path, os.O_RDONLY | os.O_DIRECTORY, dir_fd=at))
        if number in self.directories:
            self.directories[number].close()
        self.directories[number] = made

    def directory(self, number):
        if number not in self.directories:
            raise Failed('EBADF')
        return self.directories[number]

    def call_readdir(self, number, most):
        """Which entries come first is the server's business; how many, until the directory changes, is not."""
        directory = self.directory(number)
        names = [name for _, name in directory.read(int(most))]
        if len(set(names)) != len(names):
            return 'doubled: %s' % names

    def call_rewinddir(self, number):
        directory = self.directory(number)
        libc.rewinddir(directory.stream)
        return ' '.join(escape(name) for name in sorted(name for _, name in directory.read()))

    def call_closedir(self, number):
        self.directory(number)
        self.directories.pop(number).close()

    # Extended attributes

    def call_setxattr(self, target, name, count, seed, flags):
        bits = {'-': 0, 'CREATE': os.XATTR_CREATE, 'REPLACE': os.XATTR_REPLACE}[flags]
        os.setxattr(self.xattr_target(target), name, pattern(int(count), int(seed)), bits)

    def call_getxattr(self, target, name):
        return summary(os.getxattr(self.xattr_target(target), name))

    def call_listxattr(self, target):
        return ' '.join(sorted(n for n in os.listxattr(self.xattr_target(target)) if n.startswith('user.')))

    def call_removexattr(self, target, name):
        os.removexattr(self.xattr_target(target), name)

    def xattr_target(self, text):
        """A path, or '=3' for descriptor 3."""
        return self.fd(text[1:]) if text.startswith('=') else self.path(text)[0]

    # The process itself

    def call_umask(self, mask):
        return '%o' % os.umask(int(mask, 8))

    def call_user(self, uid, gid, *groups):
        """Goes on as another user, with the supplementary groups."""
        os.setresuid(0, 0, 0)
        os.setgroups([int(g) for g in groups])
        os.setresgid(int(gid), int(gid), 0)
        os.setresuid(int(uid), int(uid), 0)

    def call_chdir(self, text):
        path, at = self.path(text)
        if at is None:
            os.chdir(path)
        else:
            os.fchdir(at)


def escape(name):
    return ''.join(chr(b) if 0x21 <= b < 0x7f and b not in b'%:' else '%%%02x' % b for b in name)


def kind_of(mode):
    return {stat.S_IFREG: 'reg', stat.S_IFDIR: 'dir', stat.S_IFLNK: 'lnk', stat.S_IFIFO: 'fifo', stat.S_IFSOCK: 'sock',
            stat.S_IFCHR: 'chr', stat.S_IFBLK: 'blk'}.get(stat.S_IFMT(mode), oct(mode))


def attributes(seen, identity):
    # A directory's size, and the blocks of all but regular files, are the file system's own affair.
    size = '-' if stat.S_ISDIR(seen.st_mode) else seen.st_size
    blocks = seen.st_blocks if stat.S_ISREG(seen.st_mode) else '-'
    return '%s %o nlink=%d %d:%d size=%s rdev=%x blocks=%s id=%s a=%d m=%d c=%d' % (
        kind_of(seen.st_mode), stat.S_IMODE(seen.st_mode), seen.st_nlink, seen.st_uid, seen.st_gid, size, seen.st_rdev,
        blocks, identity, seen.st_atime_ns, seen.st_mtime_ns, seen.st_ctime_ns)


handle = ctypes.create_string_buffer(8 + 128)
mount_id = ctypes.c_int()


def identity(path, at, follow, seen):
    """What names this file and no other, also none that gets its inode number later; where there is no such thing, the
    inode number."""
    struct.pack_into('=I', handle, 0, 128)
    flags = (AT_SYMLINK_FOLLOW if follow else 0) | (0 if path else AT_EMPTY_PATH)
    if not handles or libc.name_to_handle_at(AT_FDCWD if at is None else at, path, handle, ctypes.byref(mount_id), flags):
        return str(seen.st_ino)
    size, _ = struct.unpack_from('=Ii', handle, 0)
    return handle.raw[8:8 + size].hex()


def figures(seen):
    """What does not change while others use the disk."""
    return 'bsize=%d frsize=%d blocks=%d files=%d namemax=%d' % (
        seen.f_bsize, seen.f_frsize, seen.f_blocks, seen.f_files, seen.f_namemax)
