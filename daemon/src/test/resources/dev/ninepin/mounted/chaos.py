"""Programs that check their own results while the server of their mount is killed, stopped and started again.

python3 chaos.py SECONDS SEED PATIENCE     runs in the mount, and fails with a description of the fault

It prints "ready" when the server may be killed.

A change of names or an append may fail with EIO if its outcome is unknown. Both outcomes are right then. Any other
failure is wrong. Data must not be missing after fsync(2).

PATIENCE is the mount's timeout= in seconds. No step of a program may take 5 s longer than that, and no thread may be in
the kernel, uninterruptible (state D), for 5 s longer.

PostgreSQL runs from 60 SECONDS on, because it takes long to set up.
"""

import errno
import fcntl
import glob
import mmap
import os
import random
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import traceback

# How much longer than PATIENCE a step, or a wait in the kernel, may take.
SLACK = 5
SAMPLE = 0.25
POSTGRESQL_SECONDS = 60

# For each program: the time of its last step, the number of its steps, and the longest step.
STEPS = struct.Struct("dQd")
shared = mmap.mmap(-1, 4096)
own_number = None

BLOCK = 5000


def step():
    """Records that this program has made progress."""
    at = own_number * STEPS.size
    last, count, longest = STEPS.unpack_from(shared, at)
    now = time.monotonic()
    STEPS.pack_into(shared, at, now, count + 1, max(longest, now - last if last else 0))


def record(number, generation):
    return (b"%08d %08d " % (number, generation)) * (BLOCK // 18)


def records(end, rng):
    """Writes records at random places, syncs them, and reads them back."""
    fd = os.open("records", os.O_RDWR | os.O_CREAT, 0o644)
    synced, written = {}, {}
    generation = 0
    while time.monotonic() < end:
        step()
        generation += 1
        # Ninepin can't compare a record that is written twice, because the records do not begin at pages.
        for number in rng.sample(range(200), rng.randrange(1, 20)):
            data = record(number, generation)
            assert os.pwrite(fd, data, number * len(data)) == len(data)
            written[number] = data
        number = rng.choice(list(written))
        assert os.pread(fd, len(written[number]), number * len(written[number])) == written[number], number
        os.fsync(fd)
        synced.update(written)
    os.close(fd)
    with open("records", "rb") as file:
        for number, data in synced.items():
            file.seek(number * len(data))
            assert file.read(len(data)) == data, number


def unknown(call, *arguments):
    """Whether it is not known if the call has changed anything."""
    try:
        call(*arguments)
    except OSError as e:
        assert e.errno == errno.EIO, (call.__name__, arguments, e)
        return True
    return False


def exists(name):
    """Whether the server has a name. The kernel may believe for a second what was true before a call failed with EIO."""
    return name in os.listdir(".")


def create(path):
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))


def names(end, rng):
    """Makes, renames and removes files and directories, and compares the listing with what must be there."""
    state, fresh = {}, 0  # the calls that make and remove each entry, by name
    while time.monotonic() < end:
        step()
        for _ in range(30):
            step()
            fresh += 1
            if not state or rng.random() < 0.4:
                name = str(fresh)
                make, remove = rng.choice([(os.mkdir, os.rmdir), (create, os.unlink)])
                if unknown(make, name):
                    if exists(name):
                        remove_surely(remove, name)
                else:
                    state[name] = remove
            else:
                name = rng.choice(list(state))
                remove = state.pop(name)
                if rng.random() < 0.5:
                    if unknown(remove, name) and exists(name):
                        state[name] = remove
                else:
                    new = str(fresh)
                    if not unknown(os.rename, name, new) or exists(new):
                        state[new] = remove
                        assert not exists(name), name
                    else:
                        state[name] = remove
        assert sorted(os.listdir(".")) == sorted(state), set(os.listdir(".")) ^ set(state)
    for name, remove in state.items():
        remove_surely(remove, name)
    assert not os.listdir(".")


def remove_surely(remove, name):
    while exists(name):
        try:
            remove(name)
        except OSError as e:
            # ENOENT: the kernel believes that the call failed which made the name.
            assert e.errno in (errno.EIO, errno.ENOENT), (remove.__name__, name, e)


def copies(end, rng):
    """Writes files of many sizes, copies them, and compares the copies."""
    while time.monotonic() < end:
        step()
        data = rng.randbytes(rng.randrange(1, 400_000))
        write("from", data)
        write("to", read("from"))
        assert read("to") == data
        with open("to", "r+b") as file:
            file.truncate(len(data) // 2)
            assert os.fstat(file.fileno()).st_size == len(data) // 2
        assert read("to") == data[:len(data) // 2]


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def listings(end, rng):
    """Lists a directory that does not change, again and again."""
    files = int(min(2000, 25 * float(sys.argv[1])))
    for number in range(files):
        step()
        while unknown(create, "%d" % number) and not exists("%d" % number):
            pass
    while time.monotonic() < end:
        step()
        with os.scandir(".") as entries:
            seen = [int(each.name) for each in entries]
        assert sorted(seen) == list(range(files)), len(seen)
        assert os.stat(str(rng.randrange(files))).st_size == 0


def trees(end, rng):
    """Copies a tree into the mount, compares the copy, and removes it."""
    source = tempfile.mkdtemp()
    try:
        for number in range(16):
            directory = os.path.join(source, "directory-%d" % (number % 4))
            os.makedirs(directory, exist_ok=True)
            write(os.path.join(directory, "file-%d" % number), rng.randbytes(rng.randrange(30_000)))
            os.symlink("file-%d" % number, os.path.join(directory, "link-%d" % number))
        while time.monotonic() < end:
            while exists("copy"):
                step()
                run("rm", "-rf", "copy")
            copied = run("cp", "-a", source, "copy")
            if copied.returncode:
                assert "Input/output error" in copied.stderr, copied.stderr
            else:
                compared = run("diff", "-r", "--no-dereference", source, "copy")
                assert compared.returncode == 0, compared
    finally:
        shutil.rmtree(source)


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    step()
    return done


def locks(end, rng):
    """Two processes count in one file, each under a lock on it."""
    fd = os.open("counter", os.O_RDWR | os.O_CREAT, 0o644)
    os.close(fd)
    counted = mmap.mmap(-1, 16)
    children = []
    for number in range(2):
        child = os.fork()
        if child == 0:
            try:
                count(end, counted, 8 * number)
                os._exit(0)
            except BaseException:
                print("locks", traceback.format_exc(), flush=True)
                os._exit(1)
        children.append(child)
    assert all(os.waitpid(child, 0)[1] == 0 for child in children)
    assert int(read("counter")) == sum(struct.unpack("QQ", counted))


def count(end, counted, at):
    with open("counter", "r+b", buffering=0) as file:
        while time.monotonic() < end:
            step()
            fcntl.lockf(file, fcntl.LOCK_EX)
            value = int(os.pread(file.fileno(), 20, 0) or 0) + 1
            assert os.pwrite(file.fileno(), b"%020d" % value, 0) == 20
            struct.pack_into("Q", counted, at, struct.unpack_from("Q", counted, at)[0] + 1)
            fcntl.lockf(file, fcntl.LOCK_UN)


def sqlite(end, rng):
    """Commits rows to a database of SQLite, and opens it again after each failure."""
    journal = rng.choice(["delete", "truncate", "persist", "wal"])
    base, number, batches = None, 0, {}  # for each batch of rows, whether its commit was acknowledged
    while time.monotonic() < end:
        step()
        batch = range(number, number + rng.randrange(1, 20))
        try:
            base = base or connect(journal)
            number = batch.stop
            batches[batch] = False
            base.execute("begin immediate")
            base.executemany("insert into t values (?, ?)", ((n, rng.randbytes(100)) for n in batch))
            base.execute("commit")
            batches[batch] = True
        except sqlite3.OperationalError:
            # What could not be done. A torn database is a DatabaseError of another kind.
            if base:
                base.close()
            base = None
    while base is None:
        step()
        try:
            base = connect(journal)
        except sqlite3.OperationalError:
            pass
    assert base.execute("pragma integrity_check").fetchall() == [("ok",)]
    rows = {n for n, in base.execute("select n from t")}
    for batch, is_acknowledged in batches.items():
        there = len(rows.intersection(batch))
        assert there == len(batch) or there == 0 and not is_acknowledged, (journal, batch, there, is_acknowledged)
    assert True in batches.values(), "no transaction succeeded"
    base.close()


def connect(journal):
    base = sqlite3.connect("data.db", timeout=30, isolation_level=None)
    base.execute("pragma synchronous=full")
    base.execute("pragma journal_mode=" + journal).fetchall()
    base.execute("create table if not exists t (n integer primary key, data blob)")
    return base


def git(end, rng):
    """Commits files to a repository of git, and finds all commits in it."""
    options = ["-c", "gc.auto=0", "-c", "user.name=chaos", "-c", "user.email=chaos@localhost"]
    commits = []
    while run("git", "init", "-q", ".").returncode:
        remove_git_locks()
    while time.monotonic() < end:
        step()
        name = "file-%d" % rng.randrange(20)
        write(name, rng.randbytes(rng.randrange(1, 20_000)))
        message = str(len(commits))
        done = run("git", *options, "add", name).returncode == 0 \
            and run("git", *options, "commit", "-q", "--allow-empty", "-m", message).returncode == 0
        if done:
            commits.append(run("git", "rev-parse", "HEAD").stdout.strip())
        else:
            remove_git_locks()
    remove_git_locks()
    checked = run("git", "fsck", "--full")
    assert checked.returncode == 0, checked
    there = run("git", "rev-list", "HEAD").stdout.split()
    assert set(commits) <= set(there), set(commits) - set(there)
    assert commits, "no commit succeeded"


def remove_git_locks():
    """Removes the lock files of a git that has ended: their creation may have failed with EIO, and yet been done."""
    locks = None
    while locks is None or locks:
        step()
        locks = [path for path in glob.glob(".git/**", recursive=True) if path.endswith(".lock")]
        for path in locks:
            try:
                os.unlink(path)
            except OSError as e:
                assert e.errno in (errno.EIO, errno.ENOENT), (path, e)


AS_POSTGRES = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig", "KILL", "--"]


def postgresql_programs():
    return max(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]))


def prepare_postgresql(directory):
    data = os.path.join(directory, "data")
    os.mkdir(data, 0o700)
    shutil.chown(data, "postgres", "postgres")
    subprocess.run([*AS_POSTGRES, postgresql_programs() + "/initdb", "-D", data, "-A", "trust", "-E", "UTF8", "--no-locale",
        "--data-checksums"], check=True, stdout=subprocess.DEVNULL)


def postgresql(end, rng):
    """Commits rows to a PostgreSQL database, and restarts the database server if it has ended."""
    programs = postgresql_programs()
    sockets = tempfile.mkdtemp()
    shutil.chown(sockets, "postgres", "postgres")
    server, sure, unsure = None, set(), set()

    def start():
        with open(os.path.join(sockets, "log"), "ab") as log:
            return subprocess.Popen([*AS_POSTGRES, programs + "/postgres", "-D", "data", "-k", sockets,
                "-c", "listen_addresses=", "-c", "checkpoint_timeout=30s",
                # Otherwise, a recovery syncs a thousand files, which takes longer than the 9P server runs.
                "-c", "recovery_init_sync_method=syncfs"], stdout=log, stderr=log)

    def sql(text):
        return run(*AS_POSTGRES, programs + "/psql", "-h", sockets, "-d", "postgres", "-XAtq", "-v", "ON_ERROR_STOP=1",
            "-c", text)

    def sql_surely(text):
        """Repeats a harmless command until it succeeds."""
        nonlocal server
        while True:
            step()
            if server is None or server.poll() is not None:
                server = start()
            done = sql(text)
            if done.returncode == 0:
                return done.stdout
            time.sleep(0.2)

    try:
        sql_surely("create table if not exists t (n integer primary key, data text)")
        number = 0
        while time.monotonic() < end:
            number += 1
            unsure.add(number)
            if sql("insert into t values (%d, repeat('x', %d))" % (number, rng.randrange(2000))).returncode == 0:
                unsure.remove(number)
                sure.add(number)
            elif server.poll() is not None:
                server = start()
        rows = {int(row) for row in sql_surely("select n from t").split()}
        assert sure <= rows <= sure | unsure, (sure - rows, rows - sure - unsure)
        assert sure, "no transaction succeeded"
        sql_surely("checkpoint")
        server.send_signal(2)
        if server.wait() == 0:
            checked = run(programs + "/pg_checksums", "--check", "-D", "data")
            assert "Bad checksums:  0" in checked.stdout, checked
    except BaseException:
        print(read(os.path.join(sockets, "log"))[-5000:].decode(errors="replace"))
        raise
    finally:
        if server is not None and server.poll() is None:
            server.kill()
            server.wait()
        shutil.rmtree(sockets)


class Watch:
    """Samples the programs' threads, and remembers the longest wait in the kernel and each step that takes too long."""

    def __init__(self, names, patience):
        self.names = names
        self.limit = patience + SLACK
        self.waits = {}  # since when a thread has been in its present wait
        self.longest = 0, ""
        self.wrong = set()

    def sample(self):
        now = time.monotonic()
        waits = {}
        for pid in descendants():
            for tid, name, switches in waiting_threads(pid):
                wait = tid, switches
                waits[wait] = self.waits.get(wait, now)
                self.longest = max(self.longest, (now - waits[wait], "%s (%s)" % (name, tid)))
        self.waits = waits
        if self.longest[0] > self.limit:
            self.wrong.add("in state D for more than %d s: %s" % (self.limit, self.longest[1]))

    def has_begun(self, number):
        return STEPS.unpack_from(shared, number * STEPS.size)[1] > 0

    def sample_steps(self, running):
        now = time.monotonic()
        for number in running:
            last, count, longest = STEPS.unpack_from(shared, number * STEPS.size)
            if last and now - last > self.limit:
                self.wrong.add("%s: a step takes more than %d s" % (self.names[number], self.limit))

    def __str__(self):
        lines = ["longest wait in state D: %.1f s, %s" % self.longest]
        for number, name in enumerate(self.names):
            last, count, longest = STEPS.unpack_from(shared, number * STEPS.size)
            lines.append("%s: %d steps, the longest %.1f s" % (name, count, longest))
        return "\n".join(lines)


def descendants():
    """Returns the descendants of this process."""
    parents = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            parents[int(path.split("/")[2])] = int(read(path).rpartition(b")")[2].split()[1])
        except OSError:
            pass  # The process has ended.
    found, fresh = set(), {os.getpid()}
    while fresh:
        fresh = {pid for pid, parent in parents.items() if parent in fresh}
        found |= fresh
    return found


def waiting_threads(pid):
    """Yields the threads of a process in state D: number, name, and how often each has waited so far."""
    for path in glob.glob("/proc/%d/task/*/status" % pid):
        try:
            fields = dict(line.split(b":", 1) for line in read(path).splitlines() if b":" in line)
        except OSError:
            continue  # The thread has ended.
        if fields.get(b"State", b"").strip().startswith(b"D"):
            yield int(fields[b"Pid"]), fields[b"Name"].decode().strip(), int(fields[b"voluntary_ctxt_switches"])


def main():
    global own_number
    seconds, seed, patience = float(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    programs = [records, records, names, names, copies, listings, trees, locks, sqlite, git]
    if seconds >= POSTGRESQL_SECONDS:
        programs.append(postgresql)
    watch = Watch(["%s-%d" % (work.__name__, number) for number, work in enumerate(programs)], patience)
    for work, directory in zip(programs, watch.names):
        os.mkdir(directory)
        if work is postgresql:
            prepare_postgresql(directory)
    print("ready", flush=True)
    end = time.monotonic() + seconds
    running = {}
    for number, work in enumerate(programs):
        directory = watch.names[number]
        process = os.fork()
        if process == 0:
            own_number = number
            try:
                os.chdir(directory)
                work(end, random.Random(seed + directory))
                os._exit(0)
            except BaseException:
                print(directory, "with seed", seed, traceback.format_exc(), flush=True)
                os._exit(1)
        running[process] = number
    while running:
        time.sleep(SAMPLE)
        watch.sample()
        process, status = os.waitpid(-1, os.WNOHANG)
        while process:
            number = running.pop(process)
            if status or not watch.has_begun(number):
                watch.wrong.add("%s has failed, or done nothing" % watch.names[number])
            process, status = os.waitpid(-1, os.WNOHANG) if running else (0, 0)
        watch.sample_steps(running.values())
    print(watch, *watch.wrong, sep="\n")
    sys.exit(1 if watch.wrong else 0)


main()
