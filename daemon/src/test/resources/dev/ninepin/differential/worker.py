"""One side of the differential test: runs sequences of system calls below one directory, and says what came of them.

worker.py DIRECTORY [CALL=ERRNO...]

stdin:  a sequence: a line for each call, as Step.java describes, and an empty line.
stdout: a line for each call: "ok", with what the call brought, or the name of an errno; then "tree" and a line for each
        file that there is when all processes have ended; then an empty line.

Each sequence has a fresh directory, which is all that its processes see (chroot(2)). They are its users: process N runs
the lines that begin with N, in the order of the sequence, and each line ends before the next begins. Between two sequences a
process becomes what it was in the beginning, which costs much less than a new one.

CALL=ERRNO: here this call does what it does on a server that is not able to do it: it fails so, where it would succeed.
"""
import os, signal, stat, sys, time
import calls

CLOCK_REALTIME_COARSE = 5

# Where processes begin, below the only directory that they see.
HOME = '/up'
UMASK = 0o022


class Tree:
    """What is below a directory: a line for each file, and what to remove. A directory is listed once for both."""

    def __init__(self, directory):
        seen = os.stat(directory)
        self.directory = directory
        self.lines = ['. ' + calls.attributes(seen, calls.identity(directory, None, True, seen))]
        self.names = self.look(directory, None, b'')

    def look(self, directory, at, prefix):
        """The names in a directory, each with those below it, or None if it is not a directory."""
        names = {}
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
        try:
            for name in sorted(os.listdir(os.fsencode('/proc/self/fd/%d' % fd))):
                seen = os.stat(name, dir_fd=fd, follow_symlinks=False)
                line = '%s %s' % (calls.escape(prefix + name).replace('%2f', '/'),
                                  calls.attributes(seen, calls.identity(name, fd, False, seen)))
                if stat.S_ISREG(seen.st_mode):
                    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=fd)
                    try:
                        line += ' data=' + contents(file, seen.st_size)
                    finally:
                        os.close(file)
                elif stat.S_ISLNK(seen.st_mode):
                    line += ' target=' + calls.summary(os.readlink(name, dir_fd=fd))
                self.lines.append(line)
                is_directory = stat.S_ISDIR(seen.st_mode)
                names[name] = self.look(name, fd, prefix + name + b'/') if is_directory else None
        finally:
            os.close(fd)
        return names

    def remove(self):
        """Removes it all, and the directory. What is not in the tree, though it is there, fails this."""
        self.remove_directory(self.directory, None, self.names)

    def remove_directory(self, directory, at, names):
        fd = os.open(directory, os.O_PATH | os.O_NOFOLLOW, dir_fd=at)
        try:
            for name, below in names.items():
                if below is None:
                    os.unlink(name, dir_fd=fd)
                else:
                    self.remove_directory(name, fd, below)
        finally:
            os.close(fd)
        os.rmdir(directory, dir_fd=at)


def contents(file, size):
    """All of a small file, and both ends of a large one."""
    if size <= 8 << 20:
        data = b''
        while more := os.read(file, 1 << 20):
            data += more
        return calls.summary(data)
    return calls.summary(os.pread(file, 1 << 20, 0)) + '+' + calls.summary(os.pread(file, 1 << 20, size - (1 << 20)))


class Child:
    """The parent's side of a process of the sequences."""

    def __init__(self, others):
        request, self.request = os.pipe()
        self.answer, answer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                for other in others:
                    os.close(other.request)
                    os.close(other.answer)
                os.close(self.request)
                os.close(self.answer)
                serve(request, answer)
            except BaseException:
                sys.excepthook(*sys.exc_info())
                sys.stderr.flush()
                os._exit(99)
            os._exit(0)
        os.close(request)
        os.close(answer)

    def enter(self, directory):
        """A sequence begins."""
        self.order('enter ' + directory)

    def leave(self):
        """A sequence ends, and what the process has open with it."""
        self.order('leave')

    def order(self, line):
        os.write(self.request, (line + '\n\n').encode())
        if receive(self.answer) != b'\n\n':
            raise SystemExit('a process of the sequence has failed')

    def run(self, lines):
        os.write(self.request, ('\n'.join(lines) + '\n\n').encode())
        answers = receive(self.answer)
        got = answers.decode().split('\n')[:-1]
        if not answers.endswith(b'\n\n'):
            status = os.waitpid(self.pid, 0)[1]
            self.pid = 0
            if not os.WIFSIGNALED(status):
                raise SystemExit('a process of the sequence has failed')
            got.append(signal.Signals(os.WTERMSIG(status)).name)
            got += ['dead'] * (len(lines) - len(got))
            return got
        return got[:-1]

    def end(self):
        os.close(self.request)
        os.close(self.answer)
        if self.pid and os.waitpid(self.pid, 0)[1]:
            raise SystemExit('a process of the sequence has failed')


def receive(fd):
    data = b''
    while not data.endswith(b'\n\n'):
        more = os.read(fd, 1 << 16)
        if not more:
            break
        data += more
    return data


def serve(request, answer):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    root, groups = os.open('/', os.O_RDONLY | os.O_DIRECTORY), os.getgroups()
    process = calls.Process()
    while data := receive(request):
        lines = data.decode().split('\n')[:-2]
        word, _, directory = lines[0].partition(' ')
        if word == 'enter':
            # "/" and ".." lead to no directory of the machine, which the calls would change.
            os.chroot(directory)
            os.chdir(HOME)
            os.write(answer, b'\n')
        elif word == 'leave':
            process.end()
            process = calls.Process()
            os.setresuid(0, 0, 0)
            os.setresgid(0, 0, 0)
            os.setgroups(groups)
            os.umask(UMASK)
            os.fchdir(root)
            os.chroot('.')
            os.write(answer, b'\n')
        else:
            for line in lines:
                # At once: a signal may end the next call.
                os.write(answer, (process.run(line) + '\n').encode())
        os.write(answer, b'\n')


class Clock:
    """Keeps changes apart that the file system's clock would not: after somebody has looked, the next change waits."""
    LOOKS = {'stat', 'fstat'}

    def __init__(self, directory):
        self.fine = self.is_fine(os.path.join(directory, 'clock'))
        self.looked = 0

    @staticmethod
    def is_fine(path):
        """Whether the file system gives every change that follows a look a time of its own."""
        times = []
        for i in range(8):
            with open(path, 'wb', buffering=0) as file:
                file.write(b'x')
            times.append(os.stat(path).st_mtime_ns)
        os.unlink(path)
        return len(set(times)) == len(times)

    @staticmethod
    def now():
        return time.clock_gettime_ns(CLOCK_REALTIME_COARSE)

    def before(self, call):
        if self.fine:
            return
        if call in self.LOOKS:
            self.looked = self.now()
        else:
            while self.looked and self.now() == self.looked:
                time.sleep(0.0005)
            self.looked = 0


def play(directory, lines, clock, children):
    """Runs a sequence; yields what its calls brought, and then what is left."""
    home = directory + HOME
    os.makedirs(home)
    os.chmod(home, 0o777)
    count = 1 + max((int(line[0]) for line in lines), default=0)
    while len(children) < count:
        children.append(Child(children))
    for child in children[:count]:
        child.enter(directory)
    at = 0
    while at < len(lines):
        who, end = int(lines[at][0]), at + 1
        while clock.fine and end < len(lines) and int(lines[end][0]) == who:
            end += 1
        clock.before(lines[at].split(' ')[1])
        answers = children[who].run(lines[at:end])
        yield from answers
        if 'dead' in answers or answers[-1].startswith('SIG'):
            children.pop(who).end()
            children.insert(who, Child(children))
            children[who].enter(directory)
        at = end
    for child in children[:count]:
        child.leave()
    left = Tree(os.fsencode(directory))
    yield 'tree'
    yield from left.lines
    left.remove()


def main():
    os.umask(UMASK)
    directory = os.path.realpath(sys.argv[1])
    calls.handles = '--handles' in sys.argv
    calls.unable.update(argument.split('=') for argument in sys.argv[2:] if '=' in argument)
    clock = Clock(directory)
    lines, number, children = [], 0, []
    for line in sys.stdin:
        if line != '\n':
            lines.append(line[:-1])
            continue
        number += 1
        out = list(play(os.path.join(directory, 's%d' % number), lines, clock, children))
        sys.stdout.write('\n'.join(out) + '\n\n')
        sys.stdout.flush()
        lines = []
    for child in children:
        child.end()


main()
