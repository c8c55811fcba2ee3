package dev.ninepin.share.inode;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.handover.ShareState;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.operations.KnownName;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.PathFid;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.inode.InodeNames.PathUpdate;
import java.util.AbstractList;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * The inodes that the kernel may still refer to, indexed by node ID, by file ID, and by the names under which they were
 * found.
 *
 * <p>Any thread may call any method. The lock of this table guards the table and the names of every {@link Inode}.
 * Locks are taken in the following order. No request is sent while the lock of {@link Inodes} or {@link FidTable} is
 * held:
 *
 * <pre>
 * {@code NameLocks} of a file
 *   └ {@link Inodes}
 *       └ {@link FidTable}
 * </pre>
 */
public final class Inodes {
    private final FidTable fids;
    private final Inode root;

    @GuardedBy("this")
    private final NodeTable nodes;

    @GuardedBy("this")
    private final InodeNames names;

    @GuardedBy("this")
    private final InodesById byId = new InodesById();

    private final KnownFileSystems fileSystems = new KnownFileSystems();

    @GuardedBy("this")
    private long lastNode = FileOperations.ROOT;

    /**
     * @param fids the fids of the session
     * @param max the number of inodes above which {@link #selectForForget} asks the kernel to forget some
     */
    public Inodes(final FidTable fids, final int max) {
        this.fids = fids;
        this.nodes = new NodeTable(max);
        this.names = new InodeNames(fids);
        this.root = new Inode(FileOperations.ROOT, fids.root().qid(), fids.root(), false);
        root.lookups = 1;
        nodes.add(root);
        byId.add(root);
    }

    public Inode root() {
        return root;
    }

    /** Returns the last node ID that was given out. */
    public synchronized long lastNode() {
        return lastNode;
    }

    /**
     * Returns the inodes for another program, the root first. The list makes each record on demand, because all records
     * together need as much memory as the table.
     */
    public List<ShareState.Node> handOver(final int connection) {
        final List<Inode> all = new ArrayList<>();
        synchronized (this) {
            all.add(root);
            nodes.all().stream().filter(each -> each != root).forEach(all::add);
        }
        return new AbstractList<>() {
            @Override
            public ShareState.Node get(final int index) {
                return handOver(all.get(index), connection);
            }

            @Override
            public int size() {
                return all.size();
            }
        };
    }

    private synchronized ShareState.Node handOver(final Inode inode, final int connection) {
        int over = inode.names.size() - 1;
        while (over >= 0 && !leadsOver(inode, inode.names.get(over))) {
            over--;
        }
        final Inode home = inode.home;
        return inode.handOver(
                byId.all(inode.id()).contains(inode),
                over,
                home != null && nodes.has(home) ? home.node() : 0,
                connection);
    }

    @GuardedBy("this")
    private boolean leadsOver(final Inode inode, final Inode.Name name) {
        return names.leadsTo(inode.path, name.directory(), name.name());
    }

    /** Fills an empty table with the inodes of another program. */
    public synchronized void takeOver(final long last, final List<ShareState.Node> all) {
        lastNode = last;
        final EarlierPaths paths = new EarlierPaths(fids, all);
        for (final ShareState.Node each : all) {
            Inode inode = root;
            if (each.node() != root.node()) {
                inode = new Inode(each.node(), each.qid(), paths.of(each.node()), each.isTwin());
                nodes.add(inode);
                if (each.isIndexed()) {
                    byId.add(inode);
                }
            }
            inode.takeOver(each);
        }
        for (final ShareState.Node each : all) {
            final Inode inode = nodes.get(each.node());
            for (final ShareState.Name name : each.names()) {
                final Inode directory = nodes.get(name.directory());
                if (inode != null && directory != null) {
                    // No name had another file before, so no path changes.
                    names.add(directory, name.name(), inode);
                }
            }
            if (inode != null) {
                inode.home = nodes.get(each.home());
            }
        }
    }

    /**
     * Returns the inode of a node ID that the kernel sent. Fails with ESTALE if the node ID was never handed out or is
     * forgotten.
     */
    public synchronized Inode get(final long node) throws StaleFileException {
        final Inode inode = nodes.get(node);
        if (inode == null) {
            throw new StaleFileException("there is no node " + node);
        }
        inode.recentlyUsed = true;
        return inode;
    }

    /** Returns the number of inodes in the table. */
    public synchronized int count() {
        return nodes.all().size();
    }

    /**
     * Returns the names of inodes that the kernel should forget: enough to get back under the limit, not counting
     * inodes that the kernel was already asked to forget.
     *
     * <p>Skips directories: if the kernel dropped one, it would unmount the file systems mounted below. A process with
     * its working directory there would lose its path. Skips open files: the kernel would show their paths as deleted.
     */
    public synchronized List<KnownName> selectForForget() {
        return nodes.selectForForget();
    }

    /** Returns the path fid of an inode. Takes no lock. */
    public PathFid path(final Inode inode) {
        return inode.path;
    }

    /** Returns the inode that was last found under a name. */
    public synchronized Optional<Inode> known(final Inode directory, final ByteString name) {
        return Optional.ofNullable(directory.children().get(name));
    }

    /**
     * Returns the directory that the kernel knows by a name, and increments its lookup count for the caller to hand it
     * out.
     */
    public synchronized Optional<Inode> knownDirectory(final Inode directory, final ByteString name) {
        final Optional<Inode> known = known(directory, name).filter(Inode::isDirectory);
        known.ifPresent(inode -> inode.lookups++);
        return known;
    }

    /**
     * Returns the inodes with the file ID of a file that a lookup just found; none if the file is already known by this
     * name.
     */
    public synchronized List<Inode> withSameId(final Inode directory, final ByteString name, final Qid qid) {
        final FileId id = FileId.of(qid);
        return names.find(id, directory, name).isPresent() ? List.of() : byId.all(id);
    }

    /**
     * Returns a directory that contains a name of an inode, or its last known directory if it has no name. Prefers the
     * given directory. Empty for the root.
     */
    public synchronized Optional<Inode> homeOf(final Inode inode, final Inode preferred) {
        final boolean isThere = inode.names.stream().anyMatch(name -> name.directory() == preferred);
        return isThere
                ? Optional.of(preferred)
                : inode.names.stream().findFirst().map(Inode.Name::directory).or(() -> Optional.ofNullable(inode.home));
    }

    /** Returns the file systems of the server's host that are known so far. */
    public KnownFileSystems fileSystems() {
        return fileSystems;
    }

    /** Returns a directory on a file system. Prefers one whose path fid is not retired, if there is one. */
    public synchronized Inode exampleOf(final HostFileSystem wanted) {
        if (fids.isRetired(wanted.example().path)) {
            nodes.all().stream()
                    .filter(inode -> inode.fileSystem == wanted && !fids.isRetired(inode.path))
                    .findFirst()
                    .ifPresent(wanted::example);
        }
        return wanted.example();
    }

    /** Returns one of an inode's known names; empty if no name is left, and for the root. */
    public synchronized Optional<Inode.Name> someName(final Inode inode) {
        return inode.names.stream().findFirst();
    }

    /** Returns the path of a node for messages and logs. */
    public String pathOf(final long node) {
        final Inode inode;
        synchronized (this) {
            inode = nodes.get(node);
        }
        return inode == null ? "node " + node : pathOf(inode);
    }

    /** Returns the path of a name in a directory, in the form of {@link #pathOf(Inode)}. */
    public String pathOf(final Inode directory, final ByteString name) {
        return (directory == root ? "" : pathOf(directory)) + "/" + name;
    }

    /**
     * Returns a file's path from the share's root for messages and logs. The path begins with a node ID where the file
     * or a parent directory has no known name.
     */
    public synchronized String pathOf(final Inode inode) {
        return InodePath.of(inode, root);
    }

    /** Returns the names on the path from the share's root to a directory; empty if one of them is not known. */
    public synchronized Optional<List<ByteString>> namesTo(final Inode directory) {
        return InodePath.names(directory, root);
    }

    /**
     * Returns the length in bytes of the longest known path from a directory to a directory below it, including a slash
     * before each name.
     */
    public synchronized int longestBelow(final Inode directory) {
        return InodePath.longestBelow(directory);
    }

    /** Returns how many names in a directory were removed or replaced so far. */
    public synchronized long changes(final Inode directory) {
        return directory.changes;
    }

    /**
     * Records what a walk found under a name, and increments the inode's lookup count. The method owns the walked fid
     * from now on.
     *
     * <p>Returns empty and gives the fid up in two cases:
     *
     * <ul>
     *   <li>A name in the directory was removed or replaced since {@code changes} was read. The walk may then have led
     *       to a file that has another name by now, or none.
     *   <li>An inode with the same file ID was added that {@code identity} did not take into account.
     * </ul>
     *
     * @param changes {@link #changes(Inode)} of the directory before the walk
     * @param walked the fid that the walk made
     * @param identity the result of comparing the file with the inodes that have its file ID
     */
    public Optional<Inode> recordFound(
            final long changes,
            final Inode directory,
            final ByteString name,
            final FidTable.Walked walked,
            final Identity identity) {
        final Optional<Inode> known = knownAgain(directory, name, walked);
        if (known.isPresent()) {
            fids.offerFid(path(known.get()), path(directory), name, walked);
            return known;
        }
        final PathFid path = fids.adopt(path(directory), name, walked);
        final Found found;
        synchronized (this) {
            found = changes == directory.changes && isIdentityCurrent(directory, name, walked.qid(), identity)
                    ? enter(directory, name, walked.qid(), path, identity)
                    : new Found(Optional.empty(), List.of(), Optional.of(path), false);
        }
        settle(found, directory, name);
        return found.inode();
    }

    @GuardedBy("this")
    private boolean isIdentityCurrent(
            final Inode directory, final ByteString name, final Qid qid, final Identity identity) {
        final FileId id = FileId.of(qid);
        return names.find(id, directory, name).isPresent() || identity.covers(byId.all(id));
    }

    /**
     * Increments the lookup count of an inode that a listing has shown under a name. Returns false, and does nothing, if
     * the inode is no longer known by this name.
     */
    public synchronized boolean recordListed(final Inode directory, final ByteString name, final Inode inode) {
        if (directory.children().get(name) != inode || !names.leadsTo(inode.path, directory, name)) {
            return false;
        }
        inode.lookups++;
        inode.recentlyUsed = true;
        return true;
    }

    private void settle(final Found found, final Inode directory, final ByteString name) {
        // First, since the directory's old path may lead through one of the inodes that are dropped.
        if (found.moves()) {
            found.inode().ifPresent(inode -> fids.setPath(path(inode), path(directory), name));
        }
        found.lost().forEach(PathUpdate::run);
        found.surplus().ifPresent(fids::retire);
    }

    /**
     * Records a file that was just created under a name, and increments the inode's lookup count. No fid leads to the
     * file yet.
     *
     * <p>If another inode has the same file ID, there are two explanations. Either that file was removed without this
     * mount's knowledge: local file systems reuse the inode number of a removed file for the next new one. Or the
     * server gives two files the same number. The kernel must not take the two for one file: it would try to move the
     * directory that it knows to the new name, or fail with ESTALE ({@code fs/dcache.c}, __d_unalias).
     *
     * @param identity an identity whose {@link Identity#same} is empty: the file is none of the known ones
     */
    public Inode recordCreated(final Inode directory, final ByteString name, final Qid qid, final Identity identity) {
        return recordCreated(directory, name, fids.newPath(path(directory), name, qid), qid, identity);
    }

    /**
     * Records a file that was just created, as {@link #recordCreated(Inode, ByteString, Qid, Identity)} does. {@code walked}
     * leads to the file; the method owns it from now on.
     */
    public Inode recordCreated(
            final Inode directory, final ByteString name, final FidTable.Walked walked, final Identity identity) {
        return recordCreated(directory, name, fids.adopt(path(directory), name, walked), walked.qid(), identity);
    }

    private Inode recordCreated(
            final Inode directory, final ByteString name, final PathFid path, final Qid qid, final Identity identity) {
        final Found found;
        synchronized (this) {
            found = enter(directory, name, qid, path, identity);
        }
        settle(found, directory, name);
        return found.inode().orElseThrow();
    }

    /**
     * Records a file under a name. Its inode is the one already known by this name if the file ID is the same, else
     * {@link Identity#same}, else a new one. That inode keeps one of two path fids: its own or {@code path}. The other
     * one is retired. The last column is {@link Found#moves}:
     *
     * <pre>{@code
     * inode                                    path fid that it keeps     retired     other names   moves
     * new                                      path                       none        -             false
     * directory, own path fid not retired      its own, moved to name     path        removed       true
     * directory, own path fid retired          path                       its own     kept          false
     * other file, silly-renamed                its own, unchanged         path        kept          false
     * other file, own path fid is at name      its own, unchanged         path        kept          false
     * other file, own path fid elsewhere       path                       its own     kept          false
     * }</pre>
     *
     * <p>A directory has only one name, so a directory found under a new name was moved by another client. It keeps its
     * {@link PathFid} object, since the paths of the files below refer to that object.
     */
    @GuardedBy("this")
    private Found enter(
            final Inode directory, final ByteString name, final Qid qid, final PathFid path, final Identity identity) {
        final Inode inode = names.find(FileId.of(qid), directory, name)
                .or(identity::same)
                .orElseGet(() -> add(new Inode(++lastNode, qid, path, identity.isTwin())));
        final boolean moves = inode.path != path && inode.isDirectory() && !fids.isRetired(inode.path);
        final Optional<PathFid> surplus;
        if (inode.path == path) {
            surplus = Optional.empty();
        } else if (moves || inode.open.aside().isPresent() || names.leadsTo(inode.path, directory, name)) {
            surplus = Optional.of(path);
        } else {
            surplus = Optional.of(inode.path);
            inode.path = path;
        }
        inode.lookups++;
        final List<PathUpdate> lost = new ArrayList<>(1);
        lost.add(names.add(directory, name, inode));
        if (moves) {
            names.removeAllBut(new Inode.Name(directory, name), inode)
                    .forEach(other -> lost.addAll(dropUnlessNeeded(other)));
        }
        return new Found(Optional.of(inode), lost, surplus, moves);
    }

    /** Records a hard link to an inode that the kernel knows, and increments the inode's lookup count. */
    public void recordLink(final Inode directory, final ByteString name, final Inode inode) {
        final PathUpdate replaced;
        synchronized (this) {
            inode.lookups++;
            replaced = names.add(directory, name, inode);
        }
        replaced.run();
    }

    /**
     * Announces the removal of a file's name. If the file is expected to go with it, removes the inode from the index
     * of file IDs: the server may reuse the number for a new file. The kernel would mix up the cached data of the two
     * files if they shared an inode.
     *
     * @return whether this is the file's last name, as far as is known
     */
    public synchronized boolean announceRemoval(final Inode inode) {
        final Rgetattr seen = inode.attributes();
        final boolean goes = inode.isDirectory() || (inode.names.size() <= 1 && seen != null && seen.nlink() <= 1);
        if (goes) {
            byId.remove(inode);
        }
        return goes;
    }

    /**
     * Drops all names of an inode because its names now lead to another file, although that file has the same file ID.
     */
    public void dropReplaced(final Inode inode) {
        final List<PathUpdate> lost = new ArrayList<>();
        synchronized (this) {
            byId.remove(inode);
            for (final Inode.Name name : List.copyOf(inode.names)) {
                lost.add(names.remove(name.directory(), name.name()));
            }
        }
        lost.forEach(PathUpdate::run);
    }

    /** Restores an inode to the index of file IDs after the removal announced by {@link #announceRemoval} failed. */
    public synchronized void removalFailed(final Inode inode) {
        if (nodes.get(inode.node()) == inode) {
            byId.add(inode);
        }
    }

    /** Records that a name was removed. */
    public void removed(final Inode directory, final ByteString name) {
        final PathUpdate lost;
        synchronized (this) {
            lost = names.remove(directory, name);
        }
        lost.run();
    }

    /** Returns the name that the path fid of a file refers to; empty if it is the file's only known name. */
    public synchronized Optional<Inode.Name> nameOfPath(final Inode inode) {
        return inode.names.stream()
                .filter(name -> inode.names.size() > 1 && fids.isAt(inode.path, name.directory().path, name.name()))
                .findFirst();
    }

    /**
     * Drops the name {@code gone}, which now leads to another file, and moves the path fid to another name of the file.
     * Returns false if there is no other name.
     */
    public boolean useOtherName(final Inode inode, final Inode.Name gone) {
        final PathUpdate lost;
        synchronized (this) {
            if (inode.names.size() < 2 || !inode.names.contains(gone)) {
                return false;
            }
            lost = names.remove(gone.directory(), gone.name());
        }
        lost.run();
        return true;
    }

    /** Records a rename. A file that had the new name before loses it. */
    public void renamed(
            final Inode directory, final ByteString name, final Inode newDirectory, final ByteString newName) {
        final PathUpdate update;
        synchronized (this) {
            update = names.rename(directory, name, newDirectory, newName);
        }
        update.run();
    }

    /** Decreases the lookup count of a node by {@code lookups}, and drops the inode if nothing needs it any more. */
    public void forget(final long node, final long lookups) {
        final List<PathUpdate> lost;
        synchronized (this) {
            final Inode inode = nodes.get(node);
            if (inode == null || inode == root) {
                return;
            }
            inode.lookups -= lookups;
            lost = dropUnlessNeeded(inode);
        }
        lost.forEach(PathUpdate::run);
    }

    /** Records that a file was opened. */
    public synchronized void opened(final Inode inode, final OpenFile file) {
        inode.opened(file);
    }

    /**
     * Records that a file was closed, and drops the inode if nothing needs it any more. The kernel may have forgotten
     * the inode before, since it waits for the replies to neither RELEASE nor FORGET.
     */
    public void closed(final Inode inode, final OpenFile file) {
        final List<PathUpdate> lost;
        synchronized (this) {
            inode.open.closed(file);
            lost = dropUnlessNeeded(inode);
        }
        lost.forEach(PathUpdate::run);
    }

    /**
     * Removes an inode from the table. Keeps an inode that the kernel knows, that is open or silly-renamed, or that is
     * a directory on the path to another needed file ({@link #isOnTheWay}). Then examines the directories that held the
     * inode, because they may have been kept only for it.
     */
    @GuardedBy("this")
    private List<PathUpdate> dropUnlessNeeded(final Inode first) {
        final List<PathUpdate> lost = new ArrayList<>();
        final Deque<Inode> left = new ArrayDeque<>();
        left.add(first);
        while (!left.isEmpty()) {
            final Inode inode = left.remove();
            if (inode.lookups <= 0
                    && !inode.open.hasFiles()
                    && inode.open.aside().isEmpty()
                    && !isOnTheWay(inode)
                    && nodes.remove(inode)) {
                inode.names.forEach(name -> left.add(name.directory()));
                byId.remove(inode);
                lost.addAll(names.drop(inode));
            }
        }
        return lost;
    }

    /**
     * Returns whether an inode is a directory that holds silly-renamed files or known directories. Their paths lead
     * through it.
     *
     * <p>The kernel forgets a directory after everything in it. But it does not wait for the reply to RELEASE, and
     * several threads serve its requests. So a directory may be forgotten while a silly-renamed file below it is still
     * to be removed.
     */
    @GuardedBy("this")
    private boolean isOnTheWay(final Inode inode) {
        return inode.isDirectory()
                && inode.children().values().stream()
                        .anyMatch(child ->
                                child.open.isAsideIn(inode) || (child.isDirectory() && !fids.isRetired(child.path)));
    }

    /** Records that a silly-renamed file was removed. Drops the inodes that were kept only for the removal. */
    public void asideRemoved(final Inode inode, final Inode.Name aside) {
        final List<PathUpdate> lost = new ArrayList<>();
        synchronized (this) {
            inode.open.clearAside();
            lost.add(names.remove(aside.directory(), aside.name()));
            lost.addAll(dropUnlessNeeded(inode));
            lost.addAll(dropUnlessNeeded(aside.directory()));
        }
        lost.forEach(PathUpdate::run);
    }

    /** Records that the removal of a silly-renamed file failed for good. Drops the inodes that were kept only for it. */
    public void asideLeft(final Inode inode) {
        final List<PathUpdate> lost;
        synchronized (this) {
            inode.open.clearAside();
            lost = dropUnlessNeeded(inode);
        }
        lost.forEach(PathUpdate::run);
    }

    /** Returns whether a directory holds silly-renamed files. */
    public synchronized boolean holdsAside(final Inode directory) {
        return !asideIn(directory).isEmpty();
    }

    /** Returns the silly-renamed files in a directory. */
    public synchronized List<Inode> asideIn(final Inode directory) {
        return directory.children().values().stream()
                .filter(inode -> inode.open.isAsideIn(directory))
                .toList();
    }

    private synchronized Optional<Inode> knownAgain(
            final Inode directory, final ByteString name, final FidTable.Walked walked) {
        final Inode inode = names.find(FileId.of(walked.qid()), directory, name).orElse(null);
        if (inode == null || !names.leadsTo(inode.path, directory, name)) {
            return Optional.empty();
        }
        inode.lookups++;
        inode.recentlyUsed = true;
        return Optional.of(inode);
    }

    @GuardedBy("this")
    private Inode add(final Inode inode) {
        nodes.add(inode);
        byId.add(inode);
        return inode;
    }

    /**
     * The result of recording a file under a name, and what remains to be done after the lock is released.
     *
     * @param inode the file's inode; empty if the walk's result could not be trusted
     * @param lost what remains to be done for the inode that had the name before, and for inodes that were dropped
     * @param surplus a path fid that nothing needs; empty if there is none
     * @param moves whether the inode is a directory whose path fid must be moved to the new name; see {@link #enter}
     */
    private record Found(Optional<Inode> inode, List<PathUpdate> lost, Optional<PathFid> surplus, boolean moves) {}
}
