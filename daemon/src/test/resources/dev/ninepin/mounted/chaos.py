"""Programs that check their own results while the server of their mount is killed and started again.

python3 chaos.py SECONDS SEED     runs in the mount, and fails with a description of the fault

A change of names or an append may fail with EIO if its outcome is unknown. Both outcomes are right then. Any other
failure is wrong. It is also wrong if data is missing after fsync(2).
"""

import errno
import os
import random
import sys
import time
import traceback

BLOCK = 5000


def record(number, generation):
    return (b"%08d %08d " % (number, generation)) * (BLOCK // 18)


def records(end, rng):
    """Writes records at random places, syncs them, and reads them back."""
    fd = os.open("records", os.O_RDWR | os.O_CREAT, 0o644)
    synced, written = {}, {}
    generation = 0
    while time.monotonic() < end:
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
    """Makes a call, and returns whether its outcome is unknown."""
    try:
        call(*arguments)
    except OSError as e:
        assert e.errno == errno.EIO, (call.__name__, arguments, e)
        return True
    return False


def exists(name):
    """Returns whether the server has a name. Lists the directory, because the kernel may have a cached answer."""
    return name in os.listdir(".")


def create(path):
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))


def names(end, rng):
    """Makes, renames and removes files and directories, and compares the listing with what must be there."""
    state, fresh = {}, 0  # the calls that make and remove each entry, by name
    while time.monotonic() < end:
        for _ in range(30):
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
    for number in range(2000):
        while unknown(create, "%d" % number) and not exists("%d" % number):
            pass
    while time.monotonic() < end:
        with os.scandir(".") as entries:
            seen = [int(each.name) for each in entries]
        assert sorted(seen) == list(range(2000)), len(seen)
        assert os.stat(str(rng.randrange(2000))).st_size == 0


def main():
    end, seed = time.monotonic() + float(sys.argv[1]), sys.argv[2]
    processes = []
    for number, work in enumerate([records, records, names, names, copies, listings]):
        directory = "%s-%d" % (work.__name__, number)
        while unknown(os.mkdir, directory) and not exists(directory):
            pass
        process = os.fork()
        if process == 0:
            try:
                os.chdir(directory)
                work(end, random.Random(seed + directory))
                os._exit(0)
            except BaseException:
                print(directory, "with seed", seed, traceback.format_exc(), flush=True)
                os._exit(1)
        processes.append(process)
    sys.exit(max(os.waitpid(process, 0)[1] for process in processes) and 1)


main()
