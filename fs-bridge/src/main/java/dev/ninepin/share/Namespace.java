package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Tunlinkat;
import dev.ninepin.session.FidTable;
import dev.ninepin.session.RemoteException;
import dev.ninepin.session.Session;
import dev.ninepin.session.StaleFileException;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The operations on names: finding, making, removing, renaming. Any thread. */
final class Namespace {
    private static final Logger LOG = LoggerFactory.getLogger(Namespace.class);

    private static final int S_ISGID = 02000;
    private static final int SET_ID_BITS = 06000;

    private static final int EMLINK = 31;

    /** What a server says that can't make a link: it has none, or none for this user, or the file has too many. */
    private static final Set<Integer> NO_LINKS = Set.of(Errno.EPERM, EMLINK, Errno.ENOSYS, Errno.EOPNOTSUPP);

    /** How often a name is walked to anew that others keep giving to other files. */
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
    private final Endings endings;
    private final ShareOptions options;

    Namespace(
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
        this.endings = new Endings(inodes, paths, attributes);
        this.options = options;
    }

    /**
     * Nothing is noted that was walked to while names in the directory changed. The kernel keeps both apart, but for the
     * check of a name that it knows; and if that fails, it looks again, and then does keep them apart.
     */
    Entry lookup(final Inode directory, final ByteString name) throws IOException {
        for (int tries = 0; tries < LOOKUP_TRIES; tries++) {
            final long changes = inodes.changes(directory);
            final FidTable.Walked walked = paths.walk(directory, name);
            final Identity identity = identify(directory, name, walked);
            if (identity.relation() == Identity.Relation.CHANGING && tries < LOOKUP_TRIES - 1) {
                fids.clunk(walked.fid());
                continue;
            }
            final Inode inode = inodes.foundSince(changes, directory, name, walked, identity)
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
        throw new StaleFileException(name + " changes all the time");
    }

    Entry mkdir(final Caller caller, final Inode directory, final ByteString name, final int mode) throws IOException {
        requireRoom(directory, name, 0);
        final Rgetattr parent = attributes.lastSeen(directory);
        final int inherited = parent.mode() & S_ISGID;
        final int group = groupFor(caller, parent);
        final Inheritance.Made how = inheritance.of(caller, directory, mode | inherited);
        final Qid made = paths.changeIn(
                directory,
                at -> session.mkdir(at, name, how.mode(), group).await().qid());
        return made(caller, group, directory, name, made, Optional.of(how));
    }

    Entry mknod(final Caller caller, final Inode directory, final ByteString name, final int mode, final long rdev)
            throws IOException {
        final int group = groupFor(caller, attributes.lastSeen(directory));
        final Inheritance.Made how = inheritance.of(caller, directory, mode);
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

    /** Makes a regular file with Tlcreate, where Tmknod makes none: nfs-ganesha's. */
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

    Entry symlink(final Caller caller, final Inode directory, final ByteString name, final ByteString target)
            throws IOException {
        final int group = groupFor(caller, attributes.lastSeen(directory));
        requireAbsentWhereUnchecked(directory, name);
        final Qid made = paths.changeIn(
                directory,
                at -> session.symlink(at, name, target, group).await().qid());
        return made(caller, group, directory, name, made, Optional.empty());
    }

    Entry link(final Inode inode, final Inode directory, final ByteString name) throws IOException {
        makeLink(inode, directory, name);
        return entry(inode, attributes::read);
    }

    private void makeLink(final Inode inode, final Inode directory, final ByteString name) throws IOException {
        paths.changeIn(
                inode, directory, (file, at) -> session.link(at, file, name).await());
        inodes.linked(directory, name, inode);
    }

    void unlink(final Inode directory, final ByteString name) throws IOException {
        final Inode inode = inodes.known(directory, name).orElse(null);
        if (inode == null) {
            remove(directory, name, 0);
            return;
        }
        try (NameLocks.Held held = locks.exclusive(inode)) {
            if (inodes.livesByItsName(inode)) {
                putAside.hide(inode, directory, name);
            } else {
                endings.end(inode, () -> remove(directory, name, 0));
            }
        }
    }

    void rmdir(final Inode directory, final ByteString name) throws IOException {
        final Inode inode = inodes.known(directory, name).orElse(null);
        if (inode == null) {
            remove(directory, name, Tunlinkat.AT_REMOVEDIR);
        } else {
            endings.end(inode, () -> emptied(inode, directory, () -> remove(directory, name, Tunlinkat.AT_REMOVEDIR)));
        }
    }

    void rename(final Inode directory, final ByteString name, final Inode newDirectory, final ByteString newName)
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
            endings.end(replaced, () -> emptied(replaced, newDirectory, renaming));
        } else if (moved != null && moved.isDirectory()) {
            renaming.run();
        } else {
            renameOver(replaced, newDirectory, newName, renaming);
        }
    }

    /** @param below bytes of the longest path from there to a known directory below it */
    private void requireRoom(final Inode directory, final ByteString name, final int below) throws ErrnoException {
        if (!fids.hasRoom(inodes.path(directory), name, below)) {
            throw new ErrnoException(
                    Errno.ENAMETOOLONG, "the path of " + name + ", or of one below it, would be too long");
        }
    }

    /**
     * A file gets its new name as another link, which no server makes where there is one already, and then loses the old
     * one. A directory, of which there is no other link, is renamed once nothing was found under the new name: what may be
     * replaced then is an empty directory that someone else has just made there.
     */
    void renameWithoutReplacing(
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
     * Fails with EEXIST if a name is taken, and the server would not say so: nfs-ganesha opens a file that is there for
     * Tlcreate, and answers Tsymlink over any name with success.
     */
    void requireAbsentWhereUnchecked(final Inode directory, final ByteString name) throws IOException {
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
        throw new ErrnoException(Errno.EEXIST, name + " is there already");
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
                throw new ErrnoException(Errno.EINVAL, "the server makes no link of " + name + ": errno " + e.errno());
            }
            throw e;
        }
        // As for the kernel, which has one node more only if a link(2) says so.
        inodes.forget(inode.node(), 1);
        if (!paths.isNamed(inode, directory, name)) {
            // Another has taken the old name away, or given it to another file, which is not ours to remove.
            inodes.removed(directory, name);
            return;
        }
        try (FileMoves.Move move = paths.move(inode)) {
            remove(directory, name, 0);
        } catch (final RemoteException | StaleFileException e) {
            // The old name is there still. After any other failure it may be gone, and the new one the only one.
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
            if (!inodes.livesByItsName(replaced)) {
                endings.end(replaced, renaming);
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

    /** Whether the server says that there is no such name. It may be the new one of a file whose rename nobody answered. */
    private boolean isFree(final Inode directory, final ByteString name) {
        try {
            // It may be an interrupt that has ended the wait for the answer.
            Uninterrupted.run(() -> requireAbsent(directory, name));
            return true;
        } catch (final IOException e) {
            LOG.debug("{} has a file, or nobody knows", inodes.pathOf(directory, name), e);
            return false;
        }
    }

    /** Does what removes an empty directory; again, if all that it held was put aside, and is now moved to its parent. */
    private void emptied(final Inode inode, final Inode parent, final Uninterrupted.Action removal) throws IOException {
        // Before, since what was put aside may be removed at this moment.
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
     * The group of a new file, by the server's number: its maker's, or that of a directory which hands its own down.
     * EOVERFLOW if the maker or his group has no number there, and so could not own the file ({@code fs/namei.c},
     * may_create).
     */
    int groupFor(final Caller caller, final Rgetattr directory) throws ErrnoException {
        options.idMap().ownerThere(caller.uid());
        final int group = options.idMap().groupThere(caller.gid());
        return (directory.mode() & S_ISGID) != 0 ? directory.gid() : group;
    }

    /**
     * Gives a new file to its maker, since the server has made it as the user of the session, and to its group, which
     * nfs-ganesha does not look at in Tmkdir, Tmknod and Tsymlink; the file then.
     *
     * @param group of {@link #groupFor}
     * @param mode what the server was asked for; a change of the owner takes set-ID bits from a file (chown(2))
     * @param made its attributes so far
     */
    Entry givenTo(final Caller caller, final int group, final int mode, final Inode inode, final Attributes made)
            throws IOException {
        final OptionalInt uid = options.uid().isPresent() || made.uid() == caller.uid()
                ? OptionalInt.empty()
                : OptionalInt.of(caller.uid());
        final int groupHere = options.idMap().groupHere(group);
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
            // A server that does not run as root can't give files away; they stay its user's.
            if (e.errno() != Errno.EPERM) {
                throw e;
            }
            return new Entry(inode.node(), made);
        }
        return new Entry(inode.node(), attributes.read(inode));
    }

    /** {@link Twins#identify}; if that can't be found out, what was walked to is given up. */
    private Identity identify(final Inode directory, final ByteString name, final FidTable.Walked walked)
            throws IOException {
        try {
            return twins.identify(directory, name, walked);
        } catch (final IOException | RuntimeException e) {
            fids.clunk(walked.fid());
            throw e;
        }
    }

    /** {@link Twins#identifyMade}. */
    Identity identifyMade(final Inode directory, final ByteString name, final Qid made) {
        return twins.identifyMade(directory, name, made);
    }

    /**
     * @param group of {@link #groupFor}
     * @param made what the server says of it; by now another may have its name
     * @param how what it was made with, if it may have an ACL
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
            inode = inodes.made(directory, name, walked, identifyMade(directory, name, made));
        } else {
            fids.clunk(walked.fid());
            final Entry found = lookup(directory, name);
            if (!session.isGanesha()) {
                // Another file has the name by now, which is not to be given away, or removed.
                return found;
            }
            // Its answers to Tmknod and Tsymlink do not say which file was made.
            inode = inodes.get(found.node());
        }
        try {
            if (how.isPresent()) {
                handDown(inode, directory, name, how.get());
            }
            return givenTo(caller, group, how.map(Inheritance.Made::mode).orElse(0), inode, attributes.read(inode));
        } catch (final IOException | RuntimeException e) {
            inodes.forget(inode.node(), 1);
            throw e;
        }
    }

    /** {@link Inheritance#handDown}; removes the file if that fails, since it is open to more users than it should be. */
    private void handDown(final Inode inode, final Inode directory, final ByteString name, final Inheritance.Made how)
            throws IOException {
        try {
            inheritance.handDown(inode, how);
        } catch (final IOException e) {
            unmake(inode, directory, name, e);
            throw e;
        }
    }

    /** Removes a file that was just made, if it still has its name; what goes wrong is added to {@code failure}. */
    void unmake(final Inode inode, final Inode directory, final ByteString name, final IOException failure) {
        try {
            // It may be an interrupt that has ended the wait for an answer.
            Uninterrupted.run(() -> {
                if (paths.isNamed(inode, directory, name)) {
                    remove(directory, name, inode.isDirectory() ? Tunlinkat.AT_REMOVEDIR : 0);
                }
            });
        } catch (final IOException e) {
            failure.addSuppressed(e);
        }
    }

    /** Reads a file's attributes, in one way or another. */
    @FunctionalInterface
    private interface Reading {
        Attributes read(Inode inode) throws IOException;
    }

    /** The inode was counted as handed out; that is taken back if its attributes can't be had. */
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

    /** Renames; the caller sees to it that nothing else moves. */
    private void renameat(
            final Inode directory, final ByteString name, final Inode newDirectory, final ByteString newName)
            throws IOException {
        requests.rename(directory, name, newDirectory, newName);
        inodes.renamed(directory, name, newDirectory, newName);
    }
}
