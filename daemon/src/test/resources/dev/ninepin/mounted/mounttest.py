"""What the scripts of the mount tests share. They run in the root of the mount."""
import ctypes, errno, fcntl, hashlib, mmap, os, random, resource, select, shutil, signal, stat, struct, subprocess, sys, time

# The directory that is mounted, as the server has it.
S = os.environ['EXPORT']
# Whether the server keeps modes and owners in extended attributes, and symbolic links as files.
MAPPED = os.environ['MAPPED'] == 'yes'
# Whether the server is nfs-ganesha: it does not set the times of symbolic links, and counts holes as blocks.
GANESHA = os.environ.get('GANESHA') == 'yes'


def fails(error, call, *arguments, **named):
    """The call must fail with the errno of that name."""
    try:
        call(*arguments, **named)
    except OSError as e:
        assert e.errno == getattr(errno, error), '%s, not %s' % (errno.errorcode[e.errno], error)
    else:
        raise AssertionError('succeeded; expected ' + error)


def together(count, task):
    """Runs task(i) in so many processes at once, and returns what each said: a number below 256, or None for 0."""
    go, ready = os.pipe(), os.pipe()
    children = []
    for i in range(count):
        child = os.fork()
        if child == 0:
            status = 255
            try:
                os.close(go[1])
                os.write(ready[1], b'x')
                os.read(go[0], 1)
                status = task(i) or 0
            except BaseException:
                sys.excepthook(*sys.exc_info())
            finally:
                sys.stderr.flush()
                os._exit(status)
        children.append(child)
    for _ in children:
        os.read(ready[0], 1)
    for end in (*go, *ready):
        os.close(end)
    said = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert all(0 <= status < 255 for status in said), said
    return said


def as_user(uid, gid, groups, task):
    """Runs task() in a process of that user, whose groups are gid and these; waits for its success."""
    def become(_):
        os.setgroups(groups)
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        task()
    together(1, become)


def shown(path):
    """Mode, owner and group of a file, itself or open."""
    seen = os.fstat(path) if isinstance(path, int) else os.lstat(path)
    return oct(stat.S_IMODE(seen.st_mode)), seen.st_uid, seen.st_gid


def until(condition, seconds=10):
    """Waits for the condition to hold."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, 'waited for %s s in vain' % seconds
        time.sleep(0.005)


def write(path, data, flags=os.O_CREAT | os.O_TRUNC):
    fd = os.open(path, os.O_WRONLY | flags, 0o644)
    try:
        assert os.write(fd, data) == len(data)
    finally:
        os.close(fd)


def rename2(old, new, flags):
    """renameat2(2); flags: 1 RENAME_NOREPLACE, 2 RENAME_EXCHANGE, 4 RENAME_WHITEOUT."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(-100, os.fsencode(old), -100, os.fsencode(new), flags):
        raise OSError(ctypes.get_errno(), old)


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def mode_there(path):
    """The mode of a file on the server's side, as clients see it."""
    if MAPPED:
        try:
            return struct.unpack('<I', os.getxattr(path, 'user.virtfs.mode', follow_symlinks=False))[0]
        except OSError as e:
            if e.errno != errno.ENODATA:
                raise
    return os.lstat(path).st_mode


def manifest(root, there=False):
    """What is in a tree: for each path its kind, mode, time, contents, and which of the others are the same file."""
    root = os.fsencode(root)
    entries, groups = {}, {}
    for directory, directories, files in os.walk(root):
        for name in directories + files:
            path = os.path.join(directory, name)
            seen = os.lstat(path)
            mode = mode_there(path) if there else seen.st_mode
            relative = os.path.relpath(path, root)
            if stat.S_ISLNK(mode):
                contents = read(path) if there and MAPPED else os.readlink(path)
            elif stat.S_ISREG(mode):
                contents = hashlib.sha256(read(path)).hexdigest()
                if seen.st_nlink > 1:
                    groups.setdefault(seen.st_ino, []).append(relative)
            else:
                contents = None
            time_of_link = GANESHA and stat.S_ISLNK(mode)
            entries[relative] = (oct(mode), 0 if time_of_link else seen.st_mtime_ns, contents)
    return entries, sorted(sorted(group) for group in groups.values())


def same(left, right):
    """Two manifests must be equal; says where they are not."""
    for path in sorted(left[0].keys() | right[0].keys()):
        assert left[0].get(path) == right[0].get(path), (path, left[0].get(path), right[0].get(path))
    assert left[1] == right[1], ('hard links', left[1], right[1])


def make_tree(root, files, directories_to_make=60):
    """A tree of so many files: some large, some deep, with links, odd names, modes and times."""
    chance = random.Random(9)
    directories = [os.fsencode(root)]
    os.mkdir(root)
    for i in range(directories_to_make):
        parent = directories[-1] if i < directories_to_make // 2 else chance.choice(directories)
        directories.append(os.path.join(parent, b'directory %d' % i))
        os.mkdir(directories[-1])
    made = []
    odd = [b'new\nline', b'back\\slash', b' ', b'-rf', b'latin \xe9\xe8', b'utf \xc3\xa9', b'broken \xc3', b'n' * 255, b'*?"\'']
    for i in range(files):
        name = odd[i] if i < len(odd) else b'file.%d' % i
        path = os.path.join(chance.choice(directories), name)
        kind = chance.random()
        if made and kind < 0.04:
            os.symlink(chance.choice([b'file.%d' % i, b'/no/such\xff', os.path.basename(chance.choice(made))]), path)
        elif made and kind < 0.08:
            os.link(chance.choice(made), path)
        else:
            write(path, chance.randbytes(int(204800 * chance.random() ** 3)))
            os.chmod(path, chance.choice([0o644, 0o600, 0o755, 0o444, 0o4755, 0o2640, 0o400]))
            made.append(path)
    for directory, names, others in os.walk(os.fsencode(root), topdown=False):
        for name in names + others:
            when = chance.randrange(1, 2 * 10 ** 18)
            os.utime(os.path.join(directory, name), ns=(when, when), follow_symlinks=False)
        os.chmod(directory, chance.choice([0o755, 0o700, 0o2775, 0o1777]))


def use_odd_names():
    """Does what is done with names, with all sorts of names, in the empty root of the mount."""
    names = [b'latin \xe9\xe8\xff', b'utf \xc3\xa9\xe2\x82\xac', b'broken \xc3', b'new\nline', b'tab\t',
             b'back\\slash', b'  spaces  ', b'-rf', b'\x01\x7f\x80', b'*?[]', b'"\'$()', b'n' * 255,
             b'\xff' * 255, b'...', b'.hidden', b',comma,', b'surrogate \xed\xa0\x80']
    for name in names:
        write(name, name)
        assert read(name) == name == read(os.fsencode(S) + b'/' + name)
        assert os.stat(name).st_size == len(name)
    assert sorted(os.listdir(b'.')) == sorted(names) == sorted(os.listdir(os.fsencode(S)))
    for i, name in enumerate(names):
        os.symlink(name, b'link %d' % i)
        assert os.readlink(b'link %d' % i) == name
        assert read(b'link %d' % i) == name
        os.rename(name, b'renamed')
        fails('ENOENT', os.stat, name)
        os.rename(b'renamed', name)
        os.unlink(b'link %d' % i)
    for name in names:
        os.unlink(name)
        os.mkdir(name)
        write(name + b'/' + name, b'')
        os.rename(name + b'/' + name, b'moved')
        os.rmdir(name)
        os.unlink(b'moved')
    fails('ENAMETOOLONG', write, b'n' * 256, b'')
    assert os.listdir(b'.') == []


PR_SET_PDEATHSIG = 1


class Other:
    """Another process, in this directory or another one, which runs one piece of Python after the other; it ends with this."""

    def __init__(self, directory='.'):
        orders, answers = os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(orders[1])
            os.close(answers[0])
            os.chdir(directory)
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            try:
                self.work(os.fdopen(orders[0], 'rb'), answers[1])
            finally:
                os._exit(0)
        os.close(orders[0])
        os.close(answers[1])
        self.orders, self.answers = orders[1], os.fdopen(answers[0], 'rb')

    @staticmethod
    def work(orders, answers):
        known = dict(globals())
        for order in orders:
            code = eval(order)
            try:
                try:
                    said = ('said', eval(code, known))
                except SyntaxError:
                    said = ('said', exec(code, known))
            except OSError as e:
                said = ('failed', e.errno)
            os.write(answers, (repr(said) + '\n').encode())

    def tell(self, code):
        """Has it run this: an expression, or statements."""
        os.write(self.orders, (repr(code) + '\n').encode())

    def answer(self, seconds=20):
        """What came of the code that it was told first: the expression's value, or the OSError."""
        ready = select.select([self.answers], [], [], seconds)[0]
        assert ready, 'no answer within %s s' % seconds
        kind, value = eval(self.answers.readline())
        if kind == 'failed':
            raise OSError(value, os.strerror(value))
        return value

    def __call__(self, code):
        self.tell(code)
        return self.answer()

    def fails(self, error, code):
        fails(error, self, code)

    def waits(self):
        """Returns when it is in a call of fcntl(2) or flock(2)."""
        calls = {'x86_64': ('72', '73'), 'aarch64': ('25', '32')}[os.uname().machine]
        until(lambda: read('/proc/%d/syscall' % self.pid).decode().split()[0] in calls)

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


RD, WR, UN = fcntl.F_RDLCK, fcntl.F_WRLCK, fcntl.F_UNLCK
FLOCK = '@hhqqi4x'


def lock(fd, kind, first=0, length=0, wait=False, ofd=False):
    """fcntl(2)'s locks, of a process or (ofd) of an open file description; length 0 is to the end."""
    command = {(False, False): fcntl.F_SETLK, (True, False): fcntl.F_SETLKW,
               (False, True): fcntl.F_OFD_SETLK, (True, True): fcntl.F_OFD_SETLKW}[wait, ofd]
    fcntl.fcntl(fd, command, struct.pack(FLOCK, kind, 0, first, length, 0))


def in_the_way(fd, kind, first=0, length=0):
    """What F_GETLK tells: kind, first byte, length, process; None if nothing is in the way."""
    told = struct.unpack(FLOCK, fcntl.fcntl(fd, fcntl.F_GETLK, struct.pack(FLOCK, kind, 0, first, length, 0)))
    return None if told[0] == UN else (told[0], *told[2:])


class Signalled(Exception):
    pass


def interrupted(call):
    """Makes a call that SIGUSR1 is to interrupt, and tells when it has."""
    def handler(number, frame):
        raise Signalled

    signal.signal(signal.SIGUSR1, handler)
    try:
        call()
    except Signalled:
        return time.monotonic()
    raise AssertionError('not interrupted')
