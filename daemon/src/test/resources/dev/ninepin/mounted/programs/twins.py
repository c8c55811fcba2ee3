"""Two trees whose files have the same inode numbers on the server, and an operation on one: the other stays as it is.

Arguments: the kind of pair, then operations; none is all. Prints a line for each that went wrong, and fails if one did.
Leaves nothing mounted.
"""
import sys
from mounttest import *

PLACE = HERE = None
made = 0


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def populate(directory, who, before=0):
    """The same files, with the same numbers wherever a file system is new, and contents of one length."""
    for i in range(before):
        write(directory + '/pad%d' % i, b'')
    write(directory + '/f', b'I am %s\n' % who)
    os.link(directory + '/f', directory + '/h')
    write(directory + '/single', b'I am %s\n' % who)
    os.mkdir(directory + '/d')
    write(directory + '/d/g', b'I am %s\n' % who)
    os.link(directory + '/d/g', directory + '/d/i')
    os.link(directory + '/f', directory + '/d/f')


class Pair:
    """Two trees, whose files have the same numbers, and how they come and go."""

    def __init__(self, unmount, a='A', b='B', files=(), keeps_links=True):
        self.unmount, self.a, self.b, self.files = unmount, a, b, list(files)
        # Whether hard links made on the server can be told from files with one number.
        self.keeps_links = keeps_links

    def there(self, name):
        return PLACE + '/' + name

    def here(self, name):
        return HERE + '/' + name


def tmpfs_pair():
    for name, who in ('A', b'A'), ('B', b'B'):
        os.mkdir(PLACE + '/' + name)
        run('mount', '-t', 'tmpfs', 'twins', PLACE + '/' + name)
        populate(PLACE + '/' + name, who)
    return Pair([PLACE + '/A', PLACE + '/B'])


def bind_pair():
    """The roots have other numbers: one is a directory of its file system that is mounted elsewhere."""
    base = PLACE + '.base'
    for directory in base, PLACE + '/A', PLACE + '/B':
        os.mkdir(directory)
    run('mount', '-t', 'tmpfs', 'twins', PLACE + '/A')
    populate(PLACE + '/A', b'A', before=1)
    run('mount', '-t', 'tmpfs', 'twins', base)
    os.mkdir(base + '/sub')
    populate(base + '/sub', b'B')
    run('mount', '--bind', base + '/sub', PLACE + '/B')
    return Pair([PLACE + '/A', PLACE + '/B', base])


def copied_image_pair():
    """Two ext4 with all in common, the UUID too, as a snapshot of the block device has."""
    images = [PLACE + '.image0', PLACE + '.image1']
    with open(images[0], 'wb') as f:
        f.truncate(16 << 20)
    run('mkfs.ext4', '-q', images[0])
    os.mkdir(PLACE + '/A')
    os.mkdir(PLACE + '/B')
    run('mount', '-o', 'loop', images[0], PLACE + '/A')
    populate(PLACE + '/A', b'?')
    run('umount', PLACE + '/A')
    shutil.copyfile(*images)
    run('mount', '-o', 'loop', images[0], PLACE + '/A')
    run('mount', '-o', 'loop', images[1], PLACE + '/B')
    return Pair([PLACE + '/A', PLACE + '/B'], files=images)


def btrfs_pair():
    """A subvolume, and its snapshot beside it."""
    image, top = PLACE + '.image', PLACE + '/top'
    with open(image, 'wb') as f:
        f.truncate(200 << 20)
    run('mkfs.btrfs', '-q', image)
    os.mkdir(top)
    run('mount', '-o', 'loop', image, top)
    run('btrfs', 'subvolume', 'create', top + '/A')
    populate(top + '/A', b'?')
    run('btrfs', 'subvolume', 'snapshot', top + '/A', top + '/B')
    return Pair([top], 'top/A', 'top/B', [image])


def overlay_pair():
    """Files of two layers of an overlay, in one directory."""
    layers = PLACE + '.lower', PLACE + '.upper'
    for layer in layers:
        os.mkdir(layer)
        run('mount', '-t', 'tmpfs', 'twins', layer)
    for layer, who in zip(layers, (b'A', b'B')):
        os.mkdir(layer + '/changes')
        os.mkdir(layer + '/changes/' + who.decode())
        populate(layer + '/changes/' + who.decode(), who)
    os.mkdir(layers[1] + '/work')
    os.mkdir(PLACE + '/o')
    run('mount', '-t', 'overlay', 'twins', PLACE + '/o', '-o', 'xino=off,lowerdir=%s/changes,upperdir=%s/changes,workdir=%s/work'
        % (layers[0], layers[1], layers[1]))
    return Pair([PLACE + '/o', *layers], 'o/A', 'o/B', keeps_links=False)


KINDS = {'tmpfs': tmpfs_pair, 'bind': bind_pair, 'copied-image': copied_image_pair, 'btrfs': btrfs_pair,
         'overlay': overlay_pair}
NAMES = ['f', 'h', 'single', 'd/g', 'd/i']


def content(path):
    with open(path, 'rb') as f:
        return f.read()


def look(pair, tree):
    return {name: os.stat(pair.here(tree + '/' + name)) for name in NAMES}


def server(pair, tree):
    """What the server has there: contents, modes, and times of change."""
    seen = {}
    for directory, directories, files in os.walk(pair.there(tree)):
        for name in sorted(directories + files):
            path = os.path.join(directory, name)
            at = os.lstat(path)
            seen[os.path.relpath(path, pair.there(tree))] = (
                at.st_mode, at.st_nlink, at.st_size, at.st_mtime_ns, at.st_ctime_ns,
                content(path) if stat.S_ISREG(at.st_mode) else None)
    return seen


def op_stat(pair, one, other, name):
    first, second = (os.stat(pair.here(tree + '/' + name)) for tree in (one, other))
    assert first.st_ino != second.st_ino, 'one number: %d' % first.st_ino
    assert (first.st_nlink, second.st_nlink) == tuple(
        os.stat(pair.there(tree + '/' + name)).st_nlink for tree in (one, other)), 'links'


def op_read(pair, one, other, name):
    for tree in one, other:
        assert content(pair.here(tree + '/' + name)) == content(pair.there(tree + '/' + name)), 'read in ' + tree


def op_write(pair, one, other, name):
    with open(pair.here(one + '/' + name), 'ab') as f:
        f.write(b'for %s\n' % one.encode())
    assert content(pair.there(one + '/' + name)).endswith(b'for %s\n' % one.encode()), 'lost'


def op_write_both(pair, one, other, name):
    with open(pair.here(one + '/' + name), 'r+b') as f, open(pair.here(other + '/' + name), 'rb') as g:
        f.write(b'changed')
        f.flush()
        assert g.read() == content(pair.there(other + '/' + name)), 'read in the other'
    assert content(pair.there(one + '/' + name)).startswith(b'changed'), 'lost'


def op_mmap(pair, one, other, name):
    with open(pair.here(other + '/' + name), 'rb') as g, mmap.mmap(g.fileno(), 0, prot=mmap.PROT_READ) as theirs:
        before = theirs[:]
        with open(pair.here(one + '/' + name), 'r+b') as f, mmap.mmap(f.fileno(), 0) as mine:
            mine[0:4] = b'MMAP'
            mine.flush()
        assert theirs[:] == before, 'pages of the other'
    assert content(pair.there(one + '/' + name)).startswith(b'MMAP'), 'lost'


def op_truncate(pair, one, other, name):
    os.truncate(pair.here(one + '/' + name), 2)
    assert len(content(pair.there(one + '/' + name))) == 2, 'lost'


def op_rename(pair, one, other, name):
    write(pair.here(one + '/new'), b'new')
    os.rename(pair.here(one + '/new'), pair.here(one + '/' + name))
    assert content(pair.there(one + '/' + name)) == b'new', 'lost'


def op_unlink(pair, one, other, name):
    os.unlink(pair.here(one + '/' + name))
    assert not os.path.exists(pair.there(one + '/' + name)), 'is there'


def op_unlink_open(pair, one, other, name):
    with open(pair.here(other + '/' + name), 'rb') as g:
        os.unlink(pair.here(one + '/' + name))
        assert os.path.exists(pair.there(other + '/' + name)), 'the other is gone'
        g.read()
    assert not os.path.exists(pair.there(one + '/' + name)), 'is there'


def op_chmod(pair, one, other, name):
    os.chmod(pair.here(one + '/' + name), 0o640)
    assert stat.S_IMODE(os.stat(pair.here(one + '/' + name)).st_mode) == 0o640, 'lost'


def links(directory):
    """The names of the files there, those of one file together."""
    same = {}
    for where, directories, files in os.walk(directory):
        for name in files:
            path = os.path.join(where, name)
            same.setdefault(os.lstat(path).st_ino, set()).add(os.path.relpath(path, directory))
    return sorted(map(sorted, same.values()))


def contents(directory):
    return {os.path.relpath(os.path.join(where, name), directory): content(os.path.join(where, name))
            for where, directories, files in os.walk(directory) for name in files}


def same_tree(pair, tree, copy):
    assert contents(copy) == contents(pair.there(tree)), 'contents of the copy of ' + tree
    if pair.keeps_links:
        assert links(copy) == links(pair.there(tree)), 'links of the copy of ' + tree


def tree_copy(pair, one, other):
    run('cp', '-a', pair.here(one), pair.here('copy'))
    same_tree(pair, one, pair.here('copy'))
    run('cp', '-a', HERE, HERE + '.all')
    for tree in one, other:
        same_tree(pair, tree, HERE + '.all/' + tree)
    run('rm', '-rf', HERE + '.all')


def tree_tar(pair, one, other):
    run('tar', '-C', HERE, '-cf', HERE + '.tar', one, other)
    os.mkdir(HERE + '.out')
    run('tar', '-C', HERE + '.out', '-xf', HERE + '.tar')
    for tree in one, other:
        same_tree(pair, tree, HERE + '.out/' + tree)
    run('rm', '-rf', HERE + '.out', HERE + '.tar')


def tree_rm(pair, one, other):
    subprocess.run('rm -rf %s/*' % pair.here(one), shell=True, check=True)
    assert os.listdir(pair.there(one)) == [], 'left'


def tree_find(pair, one, other):
    for tree in one, other:
        found = subprocess.check_output(['find', HERE, '-samefile', pair.here(tree + '/f'), '-printf', '%P\\n'], text=True)
        wanted = {'%s/%s' % (tree, name) for name in ('f', 'h', 'd/f')}
        assert set(found.split()) <= wanted, found
        assert set(found.split()) == wanted or not pair.keeps_links, found
        assert {os.stat(pair.here(tree + '/' + name)).st_nlink for name in ('f', 'h', 'd/f')} == {
            os.stat(pair.there(tree + '/f')).st_nlink}, 'links'


def tree_git(pair, one, other):
    git = ['git', '-c', 'safe.directory=*', '-c', 'user.name=t', '-c', 'user.email=t@example.org']
    for tree in one, other:
        run(*git, 'init', '-q', pair.here(tree))
        run(*git, '-C', pair.here(tree), 'add', '.')
        run(*git, '-C', pair.here(tree), 'commit', '-qm', 'first')
    write(pair.here(one + '/single'), b'changed')
    for tree, wanted in (one, b' M single\n'), (other, b''):
        assert subprocess.check_output([*git, '-C', pair.here(tree), 'status', '--porcelain']) == wanted, 'status of ' + tree
        run(*git, '-C', pair.here(tree), 'fsck', '--strict')
    for tree in one, other:
        run('rm', '-rf', pair.there(tree + '/.git'))


def named(prefix):
    return {name[len(prefix):].replace('_', '-'): each for name, each in globals().items() if name.startswith(prefix)}


OPERATIONS, TREE_OPERATIONS = named('op_'), named('tree_')


def attempt(kind, swapped, names, operation):
    """Makes the pair, learns of both, does it to one; the other must be as it was, here and there."""
    pair = make(kind)
    try:
        one, other = (pair.b, pair.a) if swapped else (pair.a, pair.b)
        for tree in pair.a, pair.b:
            look(pair, tree)
            for name in names:
                op_read(pair, tree, tree, name)
        before = server(pair, other)
        operation(pair, one, other, *names)
        assert server(pair, other) == before, 'the other has changed'
        for each in NAMES:
            op_read(pair, other, other, each)
    except Exception as e:
        return '%s: %s' % (type(e).__name__, e)
    finally:
        remove(pair)


def make(kind):
    """Under a name that was not there before: the kernel may still know what was."""
    global PLACE, HERE, made
    made += 1
    HERE = 'twins%d' % made
    PLACE = S + '/' + HERE
    os.mkdir(PLACE)
    return KINDS[kind]()


def remove(pair):
    for path in pair.unmount:
        run('umount', '-l', path)
    for path in pair.unmount + pair.files:
        if not path.startswith(PLACE + '/'):
            os.remove(path) if os.path.isfile(path) else os.rmdir(path)
    run('rm', '-rf', PLACE)


def main():
    kind, wanted = sys.argv[1], sys.argv[2:]
    attempts = [(operation, call, [name]) for operation, call in OPERATIONS.items() for name in ('f', 'single', 'd/g')]
    attempts += [('tree-' + operation, call, []) for operation, call in TREE_OPERATIONS.items()]
    done = wrong = 0
    for operation, call, names in attempts:
        for swapped in False, True:
            if not wanted or operation in wanted:
                done += 1
                error = attempt(kind, swapped, names, call)
                if error:
                    wrong += 1
                    print('%s, %s%s: %s' % (kind, ' '.join([operation] + names), ' in B' if swapped else '', error))
    print('%s: %d of %d wrong' % (kind, wrong, done))
    sys.exit(wrong > 0)


main()
