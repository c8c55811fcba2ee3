"""Many processes that do everything at once to a mount, each knowing what must come of it.

load.py SECONDS SEED PROCESSES    (in the root of the mount, which is empty; EXPORT is the same directory at the server)

Each process has a tree of its own, of which it knows every name and byte, and looks again and again. Besides, all of them
count up the same records under locks, append to the same log, and hand files on to each other through a pool. In the end
all is compared with what is there, through the mount and at the server. Prints figures; anything wrong ends it with an
error that names process, seed and operation.
"""
import json
import tempfile
from mounttest import *

BLOCK = 4096
MOST_FILES = 12
MOST_OPEN = 6
MOST_BYTES = 96 * 1024
RECORDS = 64
RECORD = 256
STALLED_SECONDS = 100


class File:
    """A file that a process has: what is in it, and under which names."""

    def __init__(self, data):
        self.data = bytearray(data)
        self.names = set()


class User:
    """One of the processes."""

    def __init__(self, number, seed):
        self.number = number
        self.chance = random.Random('%d %d' % (seed, number))
        self.home = 'user%d' % number
        self.directories = [self.home]
        self.files = []
        self.open = []
        self.links = {}
        self.done = {}
        self.read = self.written = self.serial = self.counted = self.lines = 0
        os.mkdir(self.home)

    # What it does

    def live(self, seconds, progress):
        acts = [self.create, self.create, self.write, self.write, self.write, self.append, self.truncate, self.rename,
                self.replace, self.link, self.unlink, self.unlink_open, self.look_at_open, self.close, self.map,
                self.sync, self.copy, self.verify, self.verify, self.verify, self.make_directory, self.move_directory,
                self.remove_directory, self.list, self.symlink, self.attributes, self.count, self.count, self.log,
                self.give, self.take]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            act = self.chance.choice(acts)
            try:
                act()
            except BaseException:
                sys.stderr.write('process %d, in %s\n' % (self.number, act.__name__))
                raise
            self.done[act.__name__] = self.done.get(act.__name__, 0) + 1
            progress[self.number * 8:self.number * 8 + 8] = struct.pack('<Q', sum(self.done.values()))
        while self.open:
            self.close()
        for file in self.files:
            self.check(file)

    def create(self):
        if len(self.files) >= MOST_FILES:
            return self.unlink()
        file = File(self.bytes(self.size()))
        path = self.new_name()
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        for start in range(0, len(file.data), 3 * BLOCK):
            self.pwrite(fd, file.data[start:start + 3 * BLOCK], start)
        self.named(file, path)
        self.keep_or_close(fd, file)

    def write(self):
        with self.some_open(os.O_RDWR) as (fd, file):
            offset = self.chance.randrange(len(file.data) + BLOCK)
            data = self.bytes(self.chance.randrange(1, 4 * BLOCK))
            if len(file.data) < offset:
                file.data.extend(bytes(offset - len(file.data)))
            file.data[offset:offset + len(data)] = data
            self.pwrite(fd, data, offset)
            assert self.pread(fd, len(data), offset) == data, 'what was just written'

    def append(self):
        with self.some_open(os.O_WRONLY | os.O_APPEND) as (fd, file):
            for _ in range(self.chance.randrange(1, 4)):
                data = self.bytes(self.chance.randrange(1, BLOCK))
                file.data.extend(data)
                assert os.write(fd, data) == len(data)
                self.written += len(data)

    def truncate(self):
        with self.some_open(os.O_RDWR) as (fd, file):
            size = self.chance.choice([0, self.size(), len(file.data) // 2])
            if file.names and self.chance.random() < 0.5:
                os.truncate(self.name_of(file), size)
            else:
                os.ftruncate(fd, size)
            del file.data[size:]
            file.data.extend(bytes(size - len(file.data)))
            assert os.fstat(fd).st_size == size

    def rename(self):
        file = self.some_file()
        old, new = self.name_of(file), self.new_name()
        os.rename(old, new)
        file.names.remove(old)
        file.names.add(new)
        fails('ENOENT', os.stat, old)

    def replace(self):
        file, other = self.some_file(), self.some_file()
        if file is other:
            return
        old, new = self.name_of(file), self.name_of(other)
        os.rename(old, new)
        file.names.remove(old)
        self.lost(other, new)
        file.names.add(new)
        self.check(file)

    def link(self):
        file = self.some_file()
        if len(file.names) < 4:
            path = self.new_name()
            os.link(self.name_of(file), path)
            file.names.add(path)

    def unlink(self):
        file = self.some_file()
        path = self.name_of(file)
        os.unlink(path)
        self.lost(file, path)
        fails('ENOENT', os.stat, path)

    def unlink_open(self):
        file = self.some_file()
        if len(self.open) >= MOST_OPEN:
            self.close()
        fd = os.open(self.name_of(file), os.O_RDWR)
        self.open.append((fd, file))
        for path in list(file.names):
            os.unlink(path)
            self.lost(file, path)
        assert self.pread(fd, len(file.data) + 1, 0) == file.data, 'a file without a name'

    def look_at_open(self):
        if self.open:
            fd, file = self.chance.choice(self.open)
            assert self.pread(fd, len(file.data) + 1, 0) == file.data, 'an open file'
            seen = os.fstat(fd)
            assert seen.st_size == len(file.data), (seen.st_size, len(file.data))
            assert seen.st_nlink == len(file.names), (seen.st_nlink, file.names)

    def close(self):
        if self.open:
            fd, file = self.open.pop(self.chance.randrange(len(self.open)))
            os.close(fd)

    def map(self):
        with self.some_open(os.O_RDWR) as (fd, file):
            if not file.data:
                return
            with mmap.mmap(fd, len(file.data)) as mapped:
                assert mapped[:] == bytes(file.data), 'a map'
                offset = self.chance.randrange(len(file.data))
                data = self.bytes(min(BLOCK, len(file.data) - offset))
                mapped[offset:offset + len(data)] = data
                file.data[offset:offset + len(data)] = data
                if self.chance.random() < 0.7:
                    mapped.flush()
            self.read += len(file.data)
            self.written += len(data)

    def sync(self):
        with self.some_open(os.O_RDWR) as (fd, file):
            self.chance.choice([os.fsync, os.fdatasync])(fd)

    def copy(self):
        if len(self.files) >= MOST_FILES:
            return self.unlink()
        file = self.some_file()
        path = self.new_name()
        shutil.copyfile(self.name_of(file), path)
        copy = File(file.data)
        self.named(copy, path)
        self.read += len(file.data)
        self.written += len(file.data)
        self.check(copy)

    def verify(self):
        self.check(self.some_file())

    def make_directory(self):
        if len(self.directories) < 8:
            path = self.new_name()
            os.mkdir(path)
            self.directories.append(path)
            fails('EEXIST', os.mkdir, path)

    def move_directory(self):
        if len(self.directories) < 2:
            return
        old = self.chance.choice(self.directories[1:])
        parent = self.chance.choice([d for d in self.directories if d != old and not d.startswith(old + '/')])
        new = self.new_name(parent)
        os.rename(old, new)

        def moved(path):
            return new + path[len(old):] if path == old or path.startswith(old + '/') else path
        self.directories = [moved(path) for path in self.directories]
        self.links = {moved(path): target for path, target in self.links.items()}
        for file in self.files:
            file.names = {moved(path) for path in file.names}

    def remove_directory(self):
        if len(self.directories) < 2:
            return
        path = self.chance.choice(self.directories[1:])
        if self.entries(path):
            fails('ENOTEMPTY', os.rmdir, path)
        else:
            os.rmdir(path)
            self.directories.remove(path)

    def list(self):
        path = self.chance.choice(self.directories)
        seen = sorted(os.listdir(path))
        assert seen == self.entries(path), (path, seen, self.entries(path))

    def symlink(self):
        if len(self.links) < 4:
            path, target = self.new_name(), '../%d' % self.chance.randrange(100)
            os.symlink(target, path)
            self.links[path] = target
        else:
            path = self.chance.choice(sorted(self.links))
            assert os.readlink(path) == self.links[path]
            os.unlink(path)
            del self.links[path]

    def attributes(self):
        file = self.some_file()
        path, mode, when = self.name_of(file), self.chance.choice([0o600, 0o644, 0o755]), self.chance.randrange(1 << 60)
        os.chmod(path, mode)
        os.utime(path, ns=(when, when))
        seen = os.stat(path)
        assert (stat.S_IMODE(seen.st_mode), seen.st_mtime_ns) == (mode, when), (path, seen, mode, when)

    # What is done together

    def count(self):
        """Counts a record up under its lock; it says itself whether it is whole."""
        place = self.chance.randrange(RECORDS) * RECORD
        fd = os.open('records', os.O_RDWR)
        try:
            fcntl.lockf(fd, fcntl.LOCK_EX, RECORD, place)
            number = record_in(self.pread(fd, RECORD, place))
            self.pwrite(fd, record_of(number + 1), place)
            self.counted += 1
        finally:
            os.close(fd)

    def log(self):
        fd = os.open('log', os.O_WRONLY | os.O_APPEND)
        try:
            line = b'%d %d %s\n' % (self.number, self.lines, b'x' * self.chance.randrange(200))
            assert os.write(fd, line) == len(line)
            self.lines += 1
        finally:
            os.close(fd)

    def give(self):
        """Puts a file into the pool; it says itself what must be in it."""
        if len(self.files) > 1:
            file = self.some_file()
            if len(file.names) == 1 and not any(file is other for _, other in self.open):
                path = self.name_of(file)
                digest = hashlib.sha256(file.data).digest()
                with open(path, 'ab') as f:
                    f.write(digest)
                self.serial += 1
                os.rename(path, 'pool/%d-%d' % (self.number, self.serial))
                self.files.remove(file)

    def take(self):
        waiting = os.listdir('pool')
        if waiting and len(self.files) < MOST_FILES:
            path = self.new_name()
            try:
                os.rename('pool/' + self.chance.choice(waiting), path)
            except FileNotFoundError:
                return
            data = read(path)
            assert hashlib.sha256(data[:-32]).digest() == data[-32:], 'a file of the pool'
            self.read += len(data)
            self.named(File(data), path)

    # How it does it

    def bytes(self, count):
        return self.chance.randbytes(count)

    def size(self):
        return int(MOST_BYTES * self.chance.random() ** 3)

    def new_name(self, directory=None):
        self.serial += 1
        return '%s/%d' % (directory or self.chance.choice(self.directories), self.serial)

    def named(self, file, path):
        file.names.add(path)
        self.files.append(file)

    def lost(self, file, path):
        file.names.remove(path)
        if not file.names:
            self.files.remove(file)

    def some_file(self):
        if not self.files:
            self.create()
        return self.chance.choice(self.files)

    def name_of(self, file):
        return self.chance.choice(sorted(file.names))

    def keep_or_close(self, fd, file):
        if len(self.open) < MOST_OPEN and self.chance.random() < 0.3:
            self.open.append((fd, file))
        else:
            os.close(fd)

    def some_open(self, flags):
        """A file that is open already, if the flags are the usual ones, or is opened for this."""
        if flags == os.O_RDWR and self.open and self.chance.random() < 0.3:
            return Opened(*self.chance.choice(self.open), keep=True)
        file = self.some_file()
        return Opened(os.open(self.name_of(file), flags), file, keep=False)

    def pwrite(self, fd, data, offset):
        assert os.pwrite(fd, data, offset) == len(data)
        self.written += len(data)

    def pread(self, fd, count, offset):
        data = os.pread(fd, count, offset)
        self.read += len(data)
        return data

    def check(self, file):
        path = self.name_of(file)
        data = read(path)
        self.read += len(data)
        assert data == file.data, '%s has %d bytes, and %d expected, or others from %d on' % (
            path, len(data), len(file.data), difference(data, file.data))
        seen = os.stat(path)
        assert (seen.st_size, seen.st_nlink) == (len(file.data), len(file.names)), (path, seen, file.names)

    def entries(self, directory):
        paths = [path for file in self.files for path in file.names] + self.directories + list(self.links)
        return sorted(path[len(directory) + 1:] for path in paths if os.path.dirname(path) == directory)

    def account(self):
        return {
            'files': {path: hashlib.sha256(file.data).hexdigest() for file in self.files for path in file.names},
            'same': [sorted(file.names) for file in self.files],
            'directories': self.directories, 'links': self.links, 'counted': self.counted, 'lines': self.lines,
            'done': self.done, 'read': self.read, 'written': self.written}


class Opened:
    """An open file of a user; it is closed at the end, unless it is kept."""

    def __init__(self, fd, file, keep):
        self.fd, self.file, self.keep = fd, file, keep

    def __enter__(self):
        return self.fd, self.file

    def __exit__(self, *_):
        if not self.keep:
            os.close(self.fd)


def difference(left, right):
    """Where two runs of bytes first differ."""
    return next((i for i, (a, b) in enumerate(zip(left, right)) if a != b), min(len(left), len(right)))


def record_of(number):
    text = b'%d ' % number * 12
    return (text[:RECORD - 32] + bytes(RECORD))[:RECORD - 32] + hashlib.sha256(b'%d' % number).digest()


def record_in(data):
    number = int(data.split(b' ', 1)[0])
    assert data == record_of(number), 'a record is torn'
    return number


def run(seconds, seed, processes):
    """Has so many users live, and returns what each says of itself."""
    os.mkdir('pool')
    write('records', record_of(0) * RECORDS)
    write('log', b'')
    progress = mmap.mmap(-1, processes * 8)
    accounts = [tempfile.TemporaryFile('w+', dir=os.environ.get('TMPDIR', '/tmp')) for _ in range(processes)]

    def live(number):
        user = User(number, seed)
        user.live(seconds, progress)
        json.dump(user.account(), accounts[number])
        accounts[number].flush()

    watch = os.fork()
    if watch == 0:
        watch_over(progress, seconds)
    try:
        together(processes, live)
    finally:
        os.kill(watch, signal.SIGKILL)
        os.waitpid(watch, 0)
    said = []
    for account in accounts:
        account.seek(0)
        said.append(json.load(account))
        account.close()
    return said


def watch_over(progress, seconds):
    """Ends everything if some process has done nothing for long."""
    before, since = bytes(progress), [time.monotonic()] * (len(progress) // 8)
    end = time.monotonic() + seconds
    while True:
        time.sleep(1)
        now = bytes(progress)
        for i in range(len(since)):
            if now[i * 8:i * 8 + 8] != before[i * 8:i * 8 + 8]:
                since[i] = time.monotonic()
            elif min(time.monotonic(), end) - since[i] > STALLED_SECONDS or time.monotonic() > end + STALLED_SECONDS:
                sys.stderr.write('process %d has done nothing for %d s\n' % (i, STALLED_SECONDS))
                sys.stderr.flush()
                os.killpg(0, signal.SIGKILL)
        before = now


def compare(said, root, there):
    """All that the processes have left must be in a directory, and nothing else."""
    def is_link(path):
        return stat.S_ISLNK(mode_there(path) if there else os.lstat(path).st_mode)
    expected = {'pool', 'records', 'log'}
    for account in said:
        expected.update(account['files'], account['directories'], account['links'])
        for path, digest in account['files'].items():
            assert hashlib.sha256(read(os.path.join(root, path))).hexdigest() == digest, (root, path)
        for names in account['same']:
            assert len({os.stat(os.path.join(root, path)).st_ino for path in names}) == 1, (root, names)
        for path, target in account['links'].items():
            path = os.path.join(root, path)
            assert is_link(path), path
            assert (read(path).decode() if there and MAPPED else os.readlink(path)) == target, path
    found = set()
    for directory, directories, files in os.walk(root):
        for name in directories + files:
            path = os.path.relpath(os.path.join(directory, name), root)
            if os.path.dirname(path) == 'pool':
                data = read(os.path.join(root, path))
                assert hashlib.sha256(data[:-32]).digest() == data[-32:], (root, path)
            else:
                found.add(path)
    assert found == expected, (root, sorted(found ^ expected))
    records = read(os.path.join(root, 'records'))
    counted = sum(record_in(records[i:i + RECORD]) for i in range(0, len(records), RECORD))
    assert counted == sum(account['counted'] for account in said), (root, 'updates of records were lost')
    lines = [[] for _ in said]
    for line in read(os.path.join(root, 'log')).splitlines():
        number, serial, _ = line.split(b' ')
        lines[int(number)].append(int(serial))
    assert lines == [list(range(account['lines'])) for account in said], (root, 'lines of the log')


def main(seconds, seed, processes):
    os.setpgid(0, 0)
    begin = time.monotonic()
    said = run(seconds, seed, processes)
    took = time.monotonic() - begin
    compare(said, '.', there=False)
    # A file that was closed last without a name may just be on its way.
    until(lambda: not any(name.startswith('.ninepin-') for _, _, files in os.walk(S) for name in files))
    compare(said, S, there=True)
    done = {}
    for account in said:
        for name, count in account['done'].items():
            done[name] = done.get(name, 0) + count
    print('%d processes, seed %d: %d operations in %.0f s, %.0f MiB read, %.0f MiB written; the slowest process did %d' % (
        processes, seed, sum(done.values()), took, sum(account['read'] for account in said) / (1 << 20),
        sum(account['written'] for account in said) / (1 << 20), min(sum(account['done'].values()) for account in said)))
    print(' '.join('%s:%d' % each for each in sorted(done.items())))


main(float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
