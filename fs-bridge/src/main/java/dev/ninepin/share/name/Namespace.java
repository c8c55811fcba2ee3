package dev.ninepin.share.name;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Tunlinkat;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.attr.AttributeWriter;
import dev.ninepin.share.id.IdMap;
import dev.ninepin.share.inode.FileId;
import dev.ninepin.share.inode.FileMode;
import dev.ninepin.share.inode.Identity;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.share.path.FileMoves;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.NameLocks;
import dev.ninepin.share.path.NameRequests;
import dev.ninepin.share.path.Uninterrupted;
import dev.ninepin.share.xattr.Inheritance;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operations on names: lookup, creation, removal and rename. Any thread may call any method; a call blocks until
 * the server has answered.
 */
public final class Namespace {
    private static final Logger LOG = LoggerFactory.getLogger(Namespace.class);

    private static final int S_ISGID = 02000;
    private static final int SET_ID_BITS = 06000;

    private static final int EMLINK = 31;

    /**
     * The errnos of a server that can't make a link: it supports no links, this user may not make them, or the file has
     * too many.
     */
    private static final Set<Integer> NO_LINKS = Set.of(Errno.EPERM, EMLINK, Errno.ENOSYS, Errno.EOPNOTSUPP);

    /** The maximum number of walks to a name that other clients keep giving to other files. */
    private static final int LOOKUP_TRIES = 8;

    private final Session session;
    private final FidTable fids;
    private final NameRequests requests;
    private final Inodes inodes;
    private final FilePaths paths;
    private final NameLocks locks;
    private final AttributeReader attributes;
    private final AttributeWriter writer;
    private final PutAside putAside;
    private final Inheritance inheritance;
    private final Twins twins;
    private final NameRemoval endings;
    private final ShareOptions options;

    public Namespace(
            final Session session,
            final FidTable fids,
            final NameRequests requests,
            final Inodes inodes,
            final FilePaths paths,
            final NameLocks locks,
            final AttributeReader attributes,
            final AttributeWriter writer,
            final PutAside putAside,
            final Inheritance inheritance,
            final ShareOptions options) {
        this.session = session;
        this.fids = fids;
        this.requests = requests;
        this.inodes = inodes;
        this.paths = paths;
        this.locks = locks;
        this.attributes = attributes;
        this.writer = writer;
        this.putAside = putAside;
        this.inheritance = inheritance;
        this.twins = new Twins(session, inodes, paths);
        this.endings = new NameRemoval(inodes, paths, attributes);
        this.options = options;
    }

    /**
     * Looks a name up, and increments the inode's lookup count. Walks again if names in the directory changed during
     * the walk, since the result may be out of date.
     *
     * <p>The kernel does not run a lookup and such a change at the same time, except when it revalidates a cached name.
     * If that fails, the kernel looks the name up again, and then excludes changes.
     *
     * @throws StaleFileException if the name changes during every walk
     */
    public Entry lookup(final Inode directory, final ByteString name) throws IOException {
        for (int tries = 0; tries < LOOKUP_TRIES; tries++) {
            final long changes = inodes.changes(directory);
            final FidTable.Walked walked = paths.walk(directory, name);
            final Identity identity = identify(directory, name, walked);
            if (identity.relation() == Identity.Relation.CHANGING && tries < LOOKUP_TRIES - 1) {
                fids.clunk(walked.fid());
                continue;
            }
            final Inode inode = inodes.recordFound(changes, directory, name, walked, identity)
                    .orElse(null);
            if (inode != null) {
                twins.report(identity, directory, name);
                try {
                    return entry(inode, attributes::readOverPath);
                } catch (final StaleFileException e) {
                    LOG.trace("{} became another file while it was looked up", name);
                }
            }
        }
        throw new StaleFileException(name + " was replaced during each of " + LOOKUP_TRIES + " lookups");
    }

    /** Creates a directory. ENAMETOOLONG if the path would be too long for a server to remove files below it. */
    public Entry mkdir(final Caller caller, final Inode directory, final ByteString name, final int mode)
            throws IOException {
        requireRoom(directory, name, 0);
        final Rgetattr parent = attributes.lastSeen(directory);
        final int inherited = parent.mode() & S_ISGID;
        final int group = groupFor(caller, parent);
        final Inheritance.Made how = inheritance.modeAndAclFor(caller, directory, mode | inherited);
        final Qid made = paths.changeIn(
                directory,
                at -> session.mkdir(at, name, how.mode(), group).await().qid());
        return made(caller, group, directory, name, made, Optional.of(how));
    }

    /** Creates a regular file, device node, FIFO or socket. */
    public Entry mknod(
            final Caller caller, final Inode directory, final ByteString name, final int mode, final long rdev)
            throws IOException {
        final int group = groupFor(caller, attributes.lastSeen(directory));
        final Inheritance.Made how = inheritance.modeAndAclFor(caller, directory, mode);
        Qid made;
        try {
            made = paths.changeIn(directory, at -> session.mknod(
                            at, name, how.mode(), DeviceNumber.major(rdev), DeviceNumber.minor(rdev), group)
                    .await()
                    .qid());
        } catch (final RemoteException e) {
            if (e.errno() != Errno.EINVAL || !FileMode.isRegularFile(mode)) {
                throw e;
            }
            made = makeFile(directory, name, how.mode(), group);
        }
        return made(caller, group, directory, name, made, Optional.of(how));
    }

    /** Creates a regular file with Tlcreate, for a server whose Tmknod creates none, such as nfs-ganesha. */
    private Qid makeFile(final Inode directory, final ByteString name, final int mode, final int group)
            throws IOException {
        requireAbsentWhereUnchecked(directory, name);
        return paths.copyToChange(directory, fid -> {
            final Qid made = session.lcreate(fid, name, OpenFlags.WRONLY | OpenFlags.EXCL, mode, group)
                    .await()
                    .qid();
            fids.clunk(fid);
            return made;
        });
    }

    /** Creates a symbolic link. */
    public Entry symlink(final Caller caller, final Inode directory, final ByteString name, final ByteString target)
            throws IOException {
        final int group = groupFor(caller, attributes.lastSeen(directory));
        requireAbsentWhereUnchecked(directory, name);
        final Qid made = paths.changeIn(
                directory,
                at -> session.symlink(at, name, target, group).await().qid());
        return made(caller, group, directory, name, made, Optional.empty());
    }

    /** Creates a hard link to a file. */
    public Entry link(final Inode inode, final Inode directory, final ByteString name) throws IOException {
        makeLink(inode, directory, name);
        return entry(inode, attributes::read);
    }

    private void makeLink(final Inode inode, final Inode directory, final ByteString name) throws IOException {
        paths.changeIn(
                inode, directory, (file, at) -> session.link(at, file, name).await());
        inodes.recordLink(directory, name, inode);
    }

    /** Removes a name of a file. Silly-renames the file if it is open. */
    public void unlink(final Inode directory, final ByteString name) throws IOException {
        final Inode inode = inodes.known(directory, name).orElse(null);
        if (inode == null) {
            remove(directory, name, 0);
            return;
        }
        try (NameLocks.Held held = locks.exclusive(inode)) {
            if (inodes.needsSillyRename(inode)) {
                putAside.hide(inode, directory, name);
            } else {
                endings.removeName(inode, () -> remove(directory, name, 0));
            }
        }
    }

    /** Removes an empty directory. Silly-renamed files that it holds are moved to its parent. */
    public void rmdir(final Inode directory, final ByteString name) throws IOException {
        final Inode inode = inodes.known(directory, name).orElse(null);
        if (inode == null) {
            remove(directory, name, Tunlinkat.AT_REMOVEDIR);
        } else {
            endings.removeName(
                    inode,
                    () -> removeEmptyDirectory(
                            inode, directory, () -> remove(directory, name, Tunlinkat.AT_REMOVEDIR)));
        }
    }

    /** Renames a file. A file that has the new name is silly-renamed if it is open, and replaced otherwise. */
    public void rename(final Inode directory, final ByteString name, final Inode newDirectory, final ByteString newName)
            throws IOException {
        final Inode moved = inodes.known(directory, name).orElse(null);
        final Inode replaced = inodes.known(newDirectory, newName).orElse(null);
        if (moved == null || moved.isDirectory()) {
            requireRoom(newDirectory, newName, moved == null ? 0 : inodes.longestBelow(moved));
        }
        final Uninterrupted.Action renaming = () -> {
            if (moved != null && moved.isDirectory()) {
                paths.moveDirectory(() -> renameat(directory, name, newDirectory, newName));
                putAside.directoryMoved();
            } else {
                try (FileMoves.Move move = paths.move(moved)) {
                    paths.whileNothingMoves(() -> {
                        renameat(directory, name, newDirectory, newName);
                        return newName;
                    });
                }
            }
        };
        if (replaced == null || replaced == moved) {
            renaming.run();
        } else if (replaced.isDirectory()) {
            endings.removeName(replaced, () -> removeEmptyDirectory(replaced, newDirectory, renaming));
        } else if (moved != null && moved.isDirectory()) {
            renaming.run();
        } else {
            renameOver(replaced, newDirectory, newName, renaming);
        }
    }

    /**
     * Fails with ENAMETOOLONG if a path in a directory, or one below it, would be too long.
     *
     * @param below the length in bytes of the longest path from the directory to be moved to a known directory below it
     */
    private void requireRoom(final Inode directory, final ByteString name, final int below) throws ErrnoException {
        if (!fids.hasRoom(inodes.path(directory), name, below)) {
            throw new ErrnoException(
                    Errno.ENAMETOOLONG, "the path of " + name + ", or of a directory below it, would be too long");
        }
    }

    /**
     * Renames a file, and fails with EEXIST if the new name is taken.
     *
     * <p>A file first gets its new name as a hard link, which no server makes over an existing name, and then loses its
     * old name. A directory can't have a second link, so it is renamed after a walk to the new name found nothing. This
     * can only replace an empty directory that another client created just then.
     */
    public void renameWithoutReplacing(
            final Inode directory, final ByteString name, final Inode newDirectory, final ByteString newName)
            throws IOException {
        final Entry found = lookup(directory, name);
        try {
            final Inode moved = inodes.get(found.node());
            if (moved.isDirectory()) {
                requireAbsent(newDirectory, newName);
                rename(directory, name, newDirectory, newName);
            } else {
                Uninterrupted.run(() -> relink(moved, directory, name, newDirectory, newName));
            }
        } finally {
            inodes.forget(found.node(), 1);
        }
    }

    /**
     * Fails with EEXIST if a name is taken, but only on a server that would not report it: nfs-ganesha's Tlcreate opens
     * an existing file, and its Tsymlink succeeds over any name.
     */
    public void requireAbsentWhereUnchecked(final Inode directory, final ByteString name) throws IOException {
        if (session.isGanesha()) {
            requireAbsent(directory, name);
        }
    }

    private void requireAbsent(final Inode directory, final ByteString name) throws IOException {
        try {
            fids.clunk(paths.walk(directory, name).fid());
        } catch (final RemoteException e) {
            if (e.errno() == Errno.ENOENT) {
                return;
            }
            throw e;
        }
        throw new ErrnoException(Errno.EEXIST, name + " already exists");
    }

    private void relink(
            final Inode inode,
            final Inode directory,
            final ByteString name,
            final Inode newDirectory,
            final ByteString newName)
            throws IOException {
        try {
            makeLink(inode, newDirectory, newName);
        } catch (final RemoteException e) {
            if (NO_LINKS.contains(e.errno())) {
                throw new ErrnoException(
                        Errno.EINVAL, "the server refused to make a hard link of " + name + ": errno " + e.errno());
            }
            throw e;
        }
        // The kernel increments its lookup count for the reply to link(2), but not for this rename.
        inodes.forget(inode.node(), 1);
        if (!paths.askWhetherNamed(inode, directory, name)) {
            // Another client removed the old name, or gave it to another file. That file must not be removed.
            inodes.removed(directory, name);
            return;
        }
        try (FileMoves.Move move = paths.move(inode)) {
            remove(directory, name, 0);
        } catch (final RemoteException | StaleFileException e) {
            // The old name still exists, so the new one is removed. After any other failure, the old name may be gone
            // and the new name the only one.
            try {
                remove(newDirectory, newName, 0);
            } catch (final IOException again) {
                e.addSuppressed(again);
            }
            throw e;
        }
    }

    private void renameOver(
            final Inode replaced, final Inode directory, final ByteString name, final Uninterrupted.Action renaming)
            throws IOException {
        try (NameLocks.Held held = locks.exclusive(replaced)) {
            if (!inodes.needsSillyRename(replaced)) {
                endings.removeName(replaced, renaming);
                return;
            }
            putAside.hideForNow(replaced, directory, name);
            try {
                renaming.run();
                putAside.hideForGood(replaced);
            } catch (final IOException e) {
                if (e instanceof RemoteException || e instanceof StaleFileException || isFree(directory, name)) {
                    putAside.restore(replaced, directory, name);
                }
                throw e;
            }
        }
    }

    /**
     * Returns whether the server reports that a name does not exist. A file may have the name after a rename to it that
     * was never answered.
     */
    private boolean isFree(final Inode directory, final ByteString name) {
        try {
            // Uninterrupted, since an interrupt may have ended the wait for the rename's reply.
            Uninterrupted.run(() -> requireAbsent(directory, name));
            return true;
        } catch (final IOException e) {
            LOG.debug("{} exists, or the server could not be asked", inodes.pathOf(directory, name), e);
            return false;
        }
    }

    /**
     * Runs the removal of an empty directory. If the server answers ENOTEMPTY and the directory held silly-renamed
     * files, moves these to its parent and runs the removal again.
     */
    private void removeEmptyDirectory(final Inode inode, final Inode parent, final Uninterrupted.Action removal)
            throws IOException {
        // Before the removal: another thread may remove a silly-renamed file at any moment.
        final boolean holdsHidden = inodes.holdsAside(inode);
        try {
            removal.run();
        } catch (final RemoteException e) {
            if (e.errno() != Errno.ENOTEMPTY || !holdsHidden) {
                throw e;
            }
            putAside.moveUp(inode, parent);
            removal.run();
        }
    }

    /**
     * Returns the group of a new file, as a server ID: the caller's group, or the directory's if that has the
     * set-group-ID bit.
     *
     * @throws ErrnoException EOVERFLOW if the caller's user or group has no server ID, and so could not own the file
     *     ({@code fs/namei.c}, may_create)
     */
    public int groupFor(final Caller caller, final Rgetattr directory) throws ErrnoException {
        options.idMap().toServerOwner(caller.uid());
        final int group = options.idMap().toServerGroup(caller.gid());
        return (directory.mode() & S_ISGID) != 0 ? directory.gid() : group;
    }

    /**
     * Sets the owner and group of a new file, and returns its entry. The server created the file as the session's user.
     * nfs-ganesha also ignores the group in Tmkdir, Tmknod and Tsymlink.
     *
     * @param group the result of {@link #groupFor}
     * @param mode the mode that the file was created with; its set-ID bits are set again, since a change of the owner
     *     clears them (chown(2))
     * @param made the file's present attributes
     */
    public Entry setOwner(
            final Caller caller, final int group, final int mode, final Inode inode, final Attributes made)
            throws IOException {
        final OptionalInt uid = options.uid().isPresent() || made.uid() == caller.uid()
                ? OptionalInt.empty()
                : OptionalInt.of(caller.uid());
        final int groupHere = options.idMap().toLocalGroup(group);
        final OptionalInt gid = options.gid().isPresent() || made.gid() == groupHere || groupHere == IdMap.NO_ID
                ? OptionalInt.empty()
                : OptionalInt.of(groupHere);
        final AttributeChange owner = AttributeChange.owner(uid, gid);
        final int setId = inode.isDirectory() ? 0 : mode & SET_ID_BITS;
        if (owner.isEmpty() && (setId & ~made.mode()) == 0) {
            return new Entry(inode.node(), made);
        }
        try {
            if (!owner.isEmpty()) {
                writer.change(inode, owner);
            }
            if (setId != 0) {
                writer.change(inode, AttributeChange.mode(made.mode() | setId));
            }
        } catch (final RemoteException e) {
            // A server that does not run as root can't change a file's owner. The file stays the session user's.
            if (e.errno() != Errno.EPERM) {
                throw e;
            }
            return new Entry(inode.node(), made);
        }
        return new Entry(inode.node(), attributes.read(inode));
    }

    /** Compares a file as {@link Twins#identify} does, and clunks the walked fid if that fails. */
    private Identity identify(final Inode directory, final ByteString name, final FidTable.Walked walked)
            throws IOException {
        try {
            return twins.identify(directory, name, walked);
        } catch (final IOException | RuntimeException e) {
            fids.clunk(walked.fid());
            throw e;
        }
    }

    /** Compares a new file as {@link Twins#identifyMade} does. */
    public Identity identifyMade(final Inode directory, final ByteString name, final Qid made) {
        return twins.identifyMade(directory, name, made);
    }

    /**
     * Walks to a file that was just created, and returns its entry. Hands the default ACL down, and sets the owner and
     * group.
     *
     * @param group the result of {@link #groupFor}
     * @param made the qid of the new file; another file may have the name by now
     * @param how the mode and ACL of the new file; empty if it can't have an ACL
     */
    private Entry made(
            final Caller caller,
            final int group,
            final Inode directory,
            final ByteString name,
            final Qid made,
            final Optional<Inheritance.Made> how)
            throws IOException {
        final FidTable.Walked walked = paths.walk(directory, name);
        final Inode inode;
        if (FileId.of(made).equals(FileId.of(walked.qid()))) {
            inode = inodes.recordCreated(directory, name, walked, identifyMade(directory, name, made));
        } else {
            fids.clunk(walked.fid());
            final Entry found = lookup(directory, name);
            if (!session.isGanesha()) {
                // Another file has the name by now. Its owner must not change, and it must not be removed.
                return found;
            }
            // nfs-ganesha's replies to Tmknod and Tsymlink do not identify the new file.
            inode = inodes.get(found.node());
        }
        try {
            if (how.isPresent()) {
                handDown(inode, directory, name, how.get());
            }
            return setOwner(caller, group, how.map(Inheritance.Made::mode).orElse(0), inode, attributes.read(inode));
        } catch (final IOException | RuntimeException e) {
            inodes.forget(inode.node(), 1);
            throw e;
        }
    }

    /**
     * Calls {@link Inheritance#applyAcls}. If that fails, removes the file, since more users could access it than
     * should.
     */
    private void handDown(final Inode inode, final Inode directory, final ByteString name, final Inheritance.Made how)
            throws IOException {
        try {
            inheritance.applyAcls(inode, how);
        } catch (final IOException e) {
            unmake(inode, directory, name, e);
            throw e;
        }
    }

    /**
     * Removes a file that was just created, if it still has its name. Adds an exception of its own to {@code failure}.
     */
    public void unmake(final Inode inode, final Inode directory, final ByteString name, final Exception failure) {
        try {
            // Uninterrupted, since an interrupt may have ended the wait for a reply.
            Uninterrupted.run(() -> {
                if (paths.askWhetherNamed(inode, directory, name)) {
                    remove(directory, name, inode.isDirectory() ? Tunlinkat.AT_REMOVEDIR : 0);
                }
            });
        } catch (final IOException e) {
            failure.addSuppressed(e);
        }
    }

    /** Reads a file's attributes in one of several ways. */
    @FunctionalInterface
    private interface Reading {
        Attributes read(Inode inode) throws IOException;
    }

    /**
     * Returns the entry of an inode whose lookup count was incremented. Decrements the count again if the attributes
     * can't be read.
     */
    private Entry entry(final Inode inode, final Reading reading) throws IOException {
        try {
            return new Entry(inode.node(), reading.read(inode));
        } catch (final IOException | RuntimeException e) {
            inodes.forget(inode.node(), 1);
            throw e;
        }
    }

    private void remove(final Inode directory, final ByteString name, final int flags) throws IOException {
        paths.whileNothingMoves(() -> {
            requests.unlink(directory, name, flags);
            return name;
        });
        inodes.removed(directory, name);
    }

    /** Renames a file. The caller ensures that no other directory is moved meanwhile. */
    private void renameat(
            final Inode directory, final ByteString name, final Inode newDirectory, final ByteString newName)
            throws IOException {
        requests.rename(directory, name, newDirectory, newName);
        inodes.renamed(directory, name, newDirectory, newName);
    }
}
