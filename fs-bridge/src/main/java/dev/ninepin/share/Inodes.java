package dev.ninepin.share;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.FidTable;
import dev.ninepin.session.PathFid;
import dev.ninepin.session.StaleFileException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The inodes that the kernel may still name, by node number, by identity, and by the names they were found under.
 *
 * <p>Any thread may call any method. The lock of this table guards the table and the fields of every {@link Inode}.
 * Locks are taken in this order, and no request is sent under the last two:
 *
 * <pre>
 * {@link NameLocks} of a file
 *   └ {@link Inodes}
 *       └ {@link FidTable}
 * </pre>
 */
final class Inodes {
    /** How many are named as surplus, and looked at for that, at a time: nobody else gets the lock meanwhile. */
    private static final int MOST_AT_ONCE = 64;

    private static final int MOST_LOOKS = 256;

    private final FidTable fids;
    private final Inode root;
    private final int max;

    /** In the order in which they are next looked at for one that the kernel is to forget. */
    @GuardedBy("this")
    private final Map<Long, Inode> byNode = new LinkedHashMap<>();

    /** How many of them the kernel was asked to forget. */
    @GuardedBy("this")
    private int surplus;

    @GuardedBy("this")
    private final InodesById byId = new InodesById();

    private final KnownFileSystems fileSystems = new KnownFileSystems();

    @GuardedBy("this")
    private long lastNode = FileOperations.ROOT;

    /**
     * @param fids of the session
     * @param max how many the kernel may know before some are {@link #surplus}
     */
    Inodes(final FidTable fids, final int max) {
        this.fids = fids;
        this.max = max;
        this.root = new Inode(FileOperations.ROOT, fids.root().qid(), fids.root(), false);
        root.lookups = 1;
        byNode.put(root.node(), root);
        byId.add(root);
    }

    Inode root() {
        return root;
    }

    /** The inode of a node that the kernel names. ESTALE if it was never handed out, or given back. */
    synchronized Inode get(final long node) throws StaleFileException {
        final Inode inode = byNode.get(node);
        if (inode == null) {
            throw new StaleFileException("there is no node " + node);
        }
        inode.recentlyUsed = true;
        return inode;
    }

    /** How many there are. */
    synchronized int count() {
        return byNode.size();
    }

    /**
     * The names of some that the kernel is to be asked to forget: as many as there are too many, but for those that it was
     * asked for and may just be about to forget. No directory: what is mounted on something in it would be unmounted, and
     * a program that works in it would lose its path. Nothing that is open: its path would be shown as deleted.
     */
    synchronized List<KnownName> surplus() {
        final int wanted = Math.min(byNode.size() - surplus - max, MOST_AT_ONCE);
        if (wanted <= 0) {
            return List.of();
        }
        final List<Inode> looked = new ArrayList<>();
        final List<KnownName> cold = new ArrayList<>();
        final Iterator<Inode> next = byNode.values().iterator();
        while (cold.size() < wanted && looked.size() < MOST_LOOKS && next.hasNext()) {
            final Inode inode = next.next();
            next.remove();
            looked.add(inode);
            if (!inode.recentlyUsed && !inode.isDirectory() && inode.open.isEmpty() && !inode.names.isEmpty()) {
                inode.names.forEach(
                        name -> cold.add(new KnownName(name.directory().node(), name.name())));
                surplus += inode.surplus ? 0 : 1;
                inode.surplus = true;
            }
            inode.recentlyUsed = false;
        }
        looked.forEach(inode -> byNode.put(inode.node(), inode));
        return cold;
    }

    /** The fid on the path of an inode. */
    synchronized PathFid path(final Inode inode) {
        return inode.path;
    }

    /** The inode that was last found under a name. */
    synchronized Optional<Inode> known(final Inode directory, final ByteString name) {
        return Optional.ofNullable(directory.children().get(name));
    }

    /** A directory that the kernel knows by a name, and is about to be handed again. */
    synchronized Optional<Inode> knownDirectory(final Inode directory, final ByteString name) {
        final Optional<Inode> known = known(directory, name).filter(Inode::isDirectory);
        known.ifPresent(inode -> inode.lookups++);
        return known;
    }

    /** The inodes that have the number of what was found; none if it is known by this name. */
    synchronized List<Inode> alike(final Inode directory, final ByteString name, final Qid qid) {
        final FileId id = FileId.of(qid);
        return knownHere(id, directory, name).isPresent() ? List.of() : byId.all(id);
    }

    /** A directory that an inode has a name in, the given one if possible; else where it had one. None of the root. */
    synchronized Optional<Inode> homeOf(final Inode inode, final Inode preferred) {
        final boolean isThere = inode.names.stream().anyMatch(name -> name.directory() == preferred);
        return isThere
                ? Optional.of(preferred)
                : inode.names.stream().findFirst().map(Inode.Name::directory).or(() -> Optional.ofNullable(inode.home));
    }

    /** The file system that a directory is on, if it is known. */
    synchronized Optional<HostFileSystem> fileSystem(final Inode directory) {
        return Optional.ofNullable(directory.fileSystem);
    }

    /** Notes which file system a directory is on; the one that is noted then, which may be another's finding. */
    synchronized HostFileSystem fileSystem(final Inode directory, final HostFileSystem found) {
        if (directory.fileSystem == null) {
            directory.fileSystem = found;
        }
        return directory.fileSystem;
    }

    /** The file systems that directories are on. */
    KnownFileSystems fileSystems() {
        return fileSystems;
    }

    /** A directory on a file system, which is there still if there is one. */
    synchronized Inode exampleOf(final HostFileSystem wanted) {
        if (fids.isRetired(wanted.example().path)) {
            byNode.values().stream()
                    .filter(inode -> inode.fileSystem == wanted && !fids.isRetired(inode.path))
                    .findFirst()
                    .ifPresent(wanted::example);
        }
        return wanted.example();
    }

    /** One of the names that an inode is known by; none if it has lost all, and of the root. */
    synchronized Optional<Inode.Name> someName(final Inode inode) {
        return inode.names.stream().findFirst();
    }

    /** Where a node is, for people and logs. */
    String pathOf(final long node) {
        final Inode inode;
        synchronized (this) {
            inode = byNode.get(node);
        }
        return inode == null ? "node " + node : pathOf(inode);
    }

    /** As {@link #pathOf(Inode)}, of a name in a directory. */
    String pathOf(final Inode directory, final ByteString name) {
        return (directory == root ? "" : pathOf(directory)) + "/" + name;
    }

    /** Where a file is, from the share's root on; with its node, if no name is known of it or of a directory above. */
    synchronized String pathOf(final Inode inode) {
        return InodePath.of(inode, root);
    }

    /** The names that lead to a directory from the share's root on; none if one is not known. */
    synchronized Optional<List<ByteString>> namesTo(final Inode directory) {
        return InodePath.names(directory, root);
    }

    /** Bytes of the longest path from a directory to one below it that is known, a slash before each name. */
    synchronized int longestBelow(final Inode directory) {
        return InodePath.longestBelow(directory);
    }

    /** How often names in a directory have gone or changed. */
    synchronized long changes(final Inode directory) {
        return directory.changes;
    }

    /**
     * {@code walked}, taken over, leads to {@code name}; the kernel is about to be handed the inode's node. Empty, and the
     * fid is given up, if names in the directory have gone or changed since there were {@code changes}, so that the walk may
     * have led to what has another name by now, or none; or if more inodes have its number now than it was compared with.
     */
    Optional<Inode> foundSince(
            final long changes,
            final Inode directory,
            final ByteString name,
            final FidTable.Walked walked,
            final Identity identity) {
        final Optional<Inode> known = knownAgain(directory, name, walked);
        if (known.isPresent()) {
            fids.give(path(known.get()), path(directory), name, walked);
            return known;
        }
        final PathFid path = fids.adopt(path(directory), name, walked);
        final Found found;
        synchronized (this) {
            found = changes == directory.changes && isJudged(directory, name, walked.qid(), identity)
                    ? enter(directory, name, walked.qid(), path, identity)
                    : new Found(Optional.empty(), LostName.NONE, Optional.of(path), false);
        }
        settle(found, directory, name);
        return found.inode();
    }

    @GuardedBy("this")
    private boolean isJudged(final Inode directory, final ByteString name, final Qid qid, final Identity identity) {
        final FileId id = FileId.of(qid);
        return knownHere(id, directory, name).isPresent() || identity.covers(byId.all(id));
    }

    private void settle(final Found found, final Inode directory, final ByteString name) {
        found.replaced().settle();
        if (found.moves()) {
            found.inode().ifPresent(inode -> fids.moved(path(inode), path(directory), name));
        }
        found.surplus().ifPresent(fids::retire);
    }

    /**
     * A file was made under {@code name}, and the kernel is about to be handed its node. Nothing was walked to it. If
     * another has its number, that is gone without our knowledge, or the server numbers two files alike: local file
     * systems give the number of a removed file to the next, and a kernel that took them for one would move the directory
     * that it knows to the new name, or fail to (fs/dcache.c, __d_unalias: ESTALE).
     *
     * @param identity of a file that is none of those that are known
     */
    Inode made(final Inode directory, final ByteString name, final Qid qid, final Identity identity) {
        return made(directory, name, fids.unwalked(path(directory), name, qid), qid, identity);
    }

    /** As above; {@code walked}, taken over, leads to it. */
    Inode made(final Inode directory, final ByteString name, final FidTable.Walked walked, final Identity identity) {
        return made(directory, name, fids.adopt(path(directory), name, walked), walked.qid(), identity);
    }

    private Inode made(
            final Inode directory, final ByteString name, final PathFid path, final Qid qid, final Identity identity) {
        final Found found;
        synchronized (this) {
            found = enter(directory, name, qid, path, identity);
        }
        settle(found, directory, name);
        return found.inode().orElseThrow();
    }

    @GuardedBy("this")
    private Found enter(
            final Inode directory, final ByteString name, final Qid qid, final PathFid path, final Identity identity) {
        final Inode inode = knownHere(FileId.of(qid), directory, name)
                .or(identity::same)
                .orElseGet(() -> add(new Inode(++lastNode, qid, path, identity.isTwin())));
        // Others may have renamed the file, but the way that was just walked leads there. A directory keeps its
        // record, since the paths of what is in it begin with that.
        final boolean moves = inode.path != path && inode.isDirectory() && !fids.isRetired(inode.path);
        final Optional<PathFid> surplus;
        if (inode.path == path) {
            surplus = Optional.empty();
        } else if (moves || inode.aside != null || leadsTo(inode.path, directory, name)) {
            surplus = Optional.of(path);
        } else {
            surplus = Optional.of(inode.path);
            inode.path = path;
        }
        inode.lookups++;
        final LostName replaced = addName(directory, name, inode);
        if (moves) {
            removeOtherNames(inode, new Inode.Name(directory, name));
        }
        return new Found(Optional.of(inode), replaced, surplus, moves);
    }

    /** A name was added to an inode that the kernel knows, and is about to be handed again: a hard link was made. */
    void linked(final Inode directory, final ByteString name, final Inode inode) {
        final LostName replaced;
        synchronized (this) {
            inode.lookups++;
            replaced = addName(directory, name, inode);
        }
        replaced.settle();
    }

    /**
     * The last name of a file is about to be removed, as far as is known. Its number may be another file's from then on,
     * which is not to be taken for this one: the kernel would mix up what it keeps of both. Whether it is the last.
     */
    synchronized boolean aboutToGo(final Inode inode) {
        final Rgetattr seen = inode.attributes();
        final boolean goes = inode.isDirectory() || (inode.names.size() <= 1 && seen != null && seen.nlink() <= 1);
        if (goes) {
            byId.remove(inode);
        }
        return goes;
    }

    /** What was found by a file's names is another by now, though it has the same identity. */
    void isAnotherNow(final Inode inode) {
        final List<LostName> lost = new ArrayList<>();
        synchronized (this) {
            byId.remove(inode);
            for (final Inode.Name name : List.copyOf(inode.names)) {
                lost.add(removeName(name.directory(), name.name()));
            }
        }
        lost.forEach(LostName::settle);
    }

    /** It did not go. */
    synchronized void hasStayed(final Inode inode) {
        if (byNode.get(inode.node()) == inode) {
            byId.add(inode);
        }
    }

    /** A name is gone. */
    void removed(final Inode directory, final ByteString name) {
        final LostName lost;
        synchronized (this) {
            lost = removeName(directory, name);
        }
        lost.settle();
    }

    /** The name that the path of a file is on, unless it is the only one that is known. */
    synchronized Optional<Inode.Name> nameOfPath(final Inode inode) {
        return inode.names.stream()
                .filter(name -> inode.names.size() > 1 && fids.isAt(inode.path, name.directory().path, name.name()))
                .findFirst();
    }

    /** Somebody else has taken {@code gone}, the name of a file's path: it is used by another from now on, if it has one. */
    boolean useOtherName(final Inode inode, final Inode.Name gone) {
        final LostName lost;
        synchronized (this) {
            if (inode.names.size() < 2 || !inode.names.contains(gone)) {
                return false;
            }
            lost = removeName(gone.directory(), gone.name());
        }
        lost.settle();
        return true;
    }

    /** A name is another one now; what had the new one has lost it. */
    void renamed(final Inode directory, final ByteString name, final Inode newDirectory, final ByteString newName) {
        final Inode inode;
        final LostName replaced;
        final boolean moves;
        final PathFid path;
        final PathFid newParent;
        synchronized (this) {
            directory.changes++;
            newDirectory.changes++;
            inode = directory.children().remove(name);
            if (inode == null) {
                replaced = removeName(newDirectory, newName);
                moves = false;
                path = root.path;
                newParent = root.path;
            } else {
                path = inode.path;
                newParent = newDirectory.path;
                inode.names.remove(new Inode.Name(directory, name));
                moves = fids.isAt(path, directory.path, name);
                replaced = addName(newDirectory, newName, inode);
            }
        }
        replaced.settle();
        if (moves) {
            fids.moved(path, newParent, newName);
        }
    }

    /** The kernel gives a node back {@code lookups} times. */
    void forget(final long node, final long lookups) {
        final List<LostName> lost;
        synchronized (this) {
            final Inode inode = byNode.get(node);
            if (inode == null || inode == root) {
                return;
            }
            inode.lookups -= lookups;
            lost = dropUnlessNeeded(inode);
        }
        lost.forEach(LostName::settle);
    }

    synchronized void opened(final Inode inode, final OpenFile file) {
        inode.opened(file);
    }

    /** Notes that a handle on a directory was opened. */
    synchronized void openedDirectory(final Inode directory) {
        directory.openDirectories++;
    }

    /** Notes that a handle on a directory was closed. */
    synchronized void closedDirectory(final Inode directory) {
        directory.openDirectories--;
    }

    /** Returns whether a file or a directory is open here. */
    synchronized boolean isOpen(final Inode inode) {
        return inode.openDirectories > 0 || !inode.open.isEmpty();
    }

    /** A file was closed; the kernel may have forgotten its inode before, since it waits for neither. */
    void closed(final Inode inode, final OpenFile file) {
        final List<LostName> lost;
        synchronized (this) {
            inode.open.remove(file);
            lost = dropUnlessNeeded(inode);
        }
        lost.forEach(LostName::settle);
    }

    /** Takes an inode that the kernel has forgotten, that is not open, and has nothing put aside, out of the table. */
    @GuardedBy("this")
    private List<LostName> dropUnlessNeeded(final Inode inode) {
        if (inode.lookups > 0
                || !inode.open.isEmpty()
                || !asideIn(inode).isEmpty()
                || !byNode.remove(inode.node(), inode)) {
            return List.of();
        }
        surplus -= inode.surplus ? 1 : 0;
        byId.remove(inode);
        inode.names.forEach(name -> name.directory().children().remove(name.name(), inode));
        final List<LostName> lost = new ArrayList<>();
        // A file that was found in here may have another name elsewhere, and lives on under that.
        for (final ByteString name : List.copyOf(inode.children().keySet())) {
            lost.add(removeName(inode, name));
        }
        final PathFid path = inode.path;
        lost.add(() -> fids.retire(path));
        return lost;
    }

    /** Whether exactly one open file is left of an inode. */
    synchronized boolean isOpenOnce(final Inode inode) {
        return inode.open.size() == 1;
    }

    /** Whether an inode is open, and not put aside yet: then no name of it may just be removed. */
    synchronized boolean livesByItsName(final Inode inode) {
        return !inode.open.isEmpty() && inode.aside == null;
    }

    /** Returns an open file of an inode that a user opened to write. */
    synchronized Optional<OpenFile> openToWrite(final Inode inode, final int user) {
        return inode.open.stream()
                .filter(file -> file.user() == user && file.isForWriting())
                .findFirst();
    }

    /** Some open file of an inode, for when its path does not lead to it. */
    synchronized Optional<OpenFile> anyOpen(final Inode inode) {
        return inode.open.stream().findFirst();
    }

    synchronized Optional<Inode.Name> aside(final Inode inode) {
        return Optional.ofNullable(inode.aside);
    }

    /** Notes where an open file was put aside to, when its name went, and who is to remove it. */
    synchronized void putAside(final Inode inode, final Inode.Name name, final PutAside by) {
        inode.aside = name;
        inode.asideBy = by;
    }

    /** Who is to remove a file that was put aside; empty if it was not. */
    synchronized Optional<PutAside> asideBy(final Inode inode) {
        return Optional.ofNullable(inode.asideBy);
    }

    synchronized void noLongerAside(final Inode inode) {
        inode.aside = null;
        inode.asideBy = null;
    }

    /** A file that was put aside is removed; its directory may have waited only for that. */
    void asideRemoved(final Inode inode, final Inode.Name aside) {
        final List<LostName> lost = new ArrayList<>();
        synchronized (this) {
            inode.aside = null;
            inode.asideBy = null;
            lost.add(removeName(aside.directory(), aside.name()));
            lost.addAll(dropUnlessNeeded(aside.directory()));
        }
        lost.forEach(LostName::settle);
    }

    /** Whether there are files that were put aside in a directory. */
    synchronized boolean holdsAside(final Inode directory) {
        return !asideIn(directory).isEmpty();
    }

    /** The files that were put aside in a directory. */
    synchronized List<Inode> asideIn(final Inode directory) {
        return directory.children().values().stream()
                .filter(inode -> inode.aside != null && inode.aside.directory() == directory)
                .toList();
    }

    /** Whether a path is that of a name, and may be walked. */
    @GuardedBy("this")
    private boolean leadsTo(final PathFid path, final Inode directory, final ByteString name) {
        return !fids.isRetired(path) && fids.isAt(path, directory.path, name);
    }

    private synchronized Optional<Inode> knownAgain(
            final Inode directory, final ByteString name, final FidTable.Walked walked) {
        final Inode inode = knownHere(FileId.of(walked.qid()), directory, name).orElse(null);
        if (inode == null || !leadsTo(inode.path, directory, name)) {
            return Optional.empty();
        }
        inode.lookups++;
        inode.recentlyUsed = true;
        return Optional.of(inode);
    }

    @GuardedBy("this")
    private Optional<Inode> knownHere(final FileId id, final Inode directory, final ByteString name) {
        return Optional.ofNullable(directory.children().get(name))
                .filter(inode -> inode.id().equals(id));
    }

    @GuardedBy("this")
    private Inode add(final Inode inode) {
        byNode.put(inode.node(), inode);
        byId.add(inode);
        return inode;
    }

    /** Returns what had the name before. */
    @GuardedBy("this")
    private LostName addName(final Inode directory, final ByteString name, final Inode inode) {
        final Inode before = directory.children().get(name);
        if (before == inode) {
            return LostName.NONE;
        }
        // A name that is only learnt has not changed: others may be looking up its neighbours at this moment.
        final LostName replaced = before == null ? LostName.NONE : removeName(directory, name);
        directory.children().put(name, inode);
        inode.names.add(new Inode.Name(directory, name));
        inode.home = directory;
        return replaced;
    }

    /** A directory has only one name. */
    @GuardedBy("this")
    private void removeOtherNames(final Inode inode, final Inode.Name kept) {
        for (final Inode.Name name : List.copyOf(inode.names)) {
            if (!name.equals(kept)) {
                inode.names.remove(name);
                name.directory().children().remove(name.name(), inode);
            }
        }
    }

    /** Takes a name from its inode; if its fid is on that name, the caller settles that without the lock. */
    @GuardedBy("this")
    private LostName removeName(final Inode directory, final ByteString name) {
        directory.changes++;
        final Inode inode = directory.children().remove(name);
        if (inode == null) {
            return LostName.NONE;
        }
        inode.names.remove(new Inode.Name(directory, name));
        final PathFid path = inode.path;
        if (!fids.isAt(path, directory.path, name)) {
            return LostName.NONE;
        }
        if (inode.names.isEmpty()) {
            return () -> fids.retire(path);
        }
        final Inode.Name other = inode.names.get(0);
        final PathFid otherDirectory = other.directory().path;
        return () -> fids.moved(path, otherDirectory, other.name());
    }

    /**
     * What was found under a name, and what remains to be done about it once the lock is given back.
     *
     * @param inode empty if that is not known
     * @param replaced what had the name
     * @param surplus a path that nothing needs
     * @param moves whether the inode, a directory, has a path that is no more
     */
    private record Found(Optional<Inode> inode, LostName replaced, Optional<PathFid> surplus, boolean moves) {}

    /** What remains to be done about a fid whose name is gone, once the lock is given back. */
    @FunctionalInterface
    private interface LostName {
        LostName NONE = () -> {};

        void settle();
    }
}
