package dev.ninepin.share.name;

import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Tunlinkat;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.path.FileMoves;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.NameLocks;
import dev.ninepin.share.path.NameRequests;
import dev.ninepin.share.path.StripedLocks;
import dev.ninepin.share.path.Uninterrupted;
import dev.ninepin.share.path.UserView;
import java.io.IOException;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operations that take a name from a file: removal and rename. Any thread may call any method; a call blocks until
 * the server has answered.
 */
public final class Renames {
    private static final Logger LOG = LoggerFactory.getLogger(Renames.class);

    private static final int EMLINK = 31;

    /**
     * The errnos of a server that can't make a link: it supports no links, this user may not make them, or the file has
     * too many.
     */
    private static final Set<Integer> NO_LINKS = Set.of(Errno.EPERM, EMLINK, Errno.ENOSYS, Errno.EOPNOTSUPP);

    private final NameRequests requests;
    private final Inodes inodes;
    private final FilePaths paths;
    private final NameLocks locks;
    private final NameLookup lookup;
    private final Creation creation;
    private final PutAside putAside;
    private final NameRemoval removal;

    public Renames(
            final UserView view,
            final AttributeReader attributes,
            final NameLookup lookup,
            final Creation creation,
            final PutAside putAside) {
        this.requests = view.names();
        this.inodes = view.inodes();
        this.paths = view.paths();
        this.locks = view.shared().nameLocks();
        this.lookup = lookup;
        this.creation = creation;
        this.putAside = putAside;
        this.removal = new NameRemoval(view, attributes);
    }

    /** Removes a name of a file. Silly-renames the file if it is open. */
    public void unlink(final Inode directory, final ByteString name) throws IOException {
        final Inode inode = inodes.known(directory, name).orElse(null);
        if (inode == null) {
            removal.remove(directory, name, 0);
            return;
        }
        try (StripedLocks.Held held = locks.exclusive(inode)) {
            if (inode.open.needsSillyRename()) {
                putAside.hide(inode, directory, name);
            } else {
                removal.removeName(inode, () -> removal.remove(directory, name, 0));
            }
        }
    }

    /** Removes an empty directory. Silly-renamed files that it holds are moved to its parent. */
    public void rmdir(final Inode directory, final ByteString name) throws IOException {
        final Inode inode = inodes.known(directory, name).orElse(null);
        if (inode == null) {
            removal.remove(directory, name, Tunlinkat.AT_REMOVEDIR);
        } else {
            removal.removeName(
                    inode,
                    () -> removeEmptyDirectory(
                            inode, directory, () -> removal.remove(directory, name, Tunlinkat.AT_REMOVEDIR)));
        }
    }

    /**
     * Renames a file, after its pending writes are answered. A file that has the new name is silly-renamed if it is
     * open, and replaced otherwise.
     */
    public void rename(final Inode directory, final ByteString name, final Inode newDirectory, final ByteString newName)
            throws IOException {
        final Inode moved = inodes.known(directory, name).orElse(null);
        final Inode replaced = inodes.known(newDirectory, newName).orElse(null);
        if (moved != null) {
            // Whoever finds the file at its new name expects all that was written before.
            moved.pending.await();
        }
        if (moved == null || moved.isDirectory()) {
            paths.requireRoom(newDirectory, newName, moved == null ? 0 : inodes.longestBelow(moved));
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
            removal.removeName(replaced, () -> removeEmptyDirectory(replaced, newDirectory, renaming));
        } else if (moved != null && moved.isDirectory()) {
            renaming.run();
        } else {
            renameOver(replaced, newDirectory, newName, renaming);
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
        final Entry found = lookup.lookup(directory, name);
        try {
            final Inode moved = inodes.get(found.node());
            if (moved.isDirectory()) {
                paths.requireAbsent(newDirectory, newName);
                rename(directory, name, newDirectory, newName);
            } else {
                moved.pending.await();
                Uninterrupted.run(() -> relink(moved, directory, name, newDirectory, newName));
            }
        } finally {
            inodes.forget(found.node(), 1);
        }
    }

    private void relink(
            final Inode inode,
            final Inode directory,
            final ByteString name,
            final Inode newDirectory,
            final ByteString newName)
            throws IOException {
        try {
            creation.makeLink(inode, newDirectory, newName);
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
            removal.remove(directory, name, 0);
        } catch (final RemoteException | StaleFileException e) {
            // The old name still exists, so the new one is removed. After any other failure, the old name may be gone
            // and the new name the only one.
            try {
                removal.remove(newDirectory, newName, 0);
            } catch (final IOException again) {
                e.addSuppressed(again);
            }
            throw e;
        }
    }

    private void renameOver(
            final Inode replaced, final Inode directory, final ByteString name, final Uninterrupted.Action renaming)
            throws IOException {
        try (StripedLocks.Held held = locks.exclusive(replaced)) {
            if (!replaced.open.needsSillyRename()) {
                removal.removeName(replaced, renaming);
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
            Uninterrupted.run(() -> paths.requireAbsent(directory, name));
            return true;
        } catch (final IOException e) {
            LOG.debug("{} exists, or the server could not be asked", inodes.pathOf(directory, name), e);
            return false;
        }
    }

    /**
     * Runs an action that removes an empty directory. If the server answers ENOTEMPTY and the directory held
     * silly-renamed files, moves these to its parent and runs the action again.
     */
    private void removeEmptyDirectory(final Inode inode, final Inode parent, final Uninterrupted.Action action)
            throws IOException {
        // Before the action: another thread may remove a silly-renamed file at any moment.
        final boolean holdsHidden = inodes.holdsAside(inode);
        try {
            action.run();
        } catch (final RemoteException e) {
            if (e.errno() != Errno.ENOTEMPTY || !holdsHidden) {
                throw e;
            }
            putAside.moveUp(inode, parent);
            action.run();
        }
    }

    /** Renames a file. The caller ensures that no other directory is moved meanwhile. */
    private void renameat(
            final Inode directory, final ByteString name, final Inode newDirectory, final ByteString newName)
            throws IOException {
        requests.rename(directory, name, newDirectory, newName);
        inodes.renamed(directory, name, newDirectory, newName);
    }
}
