package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import dev.ninepin.session.RemoteException;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Open files that lose their name: they are renamed aside, and removed when they are closed.
 *
 * <p>Servers whose fids are paths fail an fstat(2) or ftruncate(2) of a file that was unlinked, or worse, apply it to
 * the file that has the name now. QEMU takes the fids of a file along when it is renamed, so under its new name it
 * goes on as a local file would. Who has put a file aside removes it, too: in each of these directories he may.
 */
final class PutAside {
    private static final Logger LOG = LoggerFactory.getLogger(PutAside.class);

    private final NameRequests requests;
    private final Inodes inodes;
    private final FilePaths paths;
    private final AttributeReader attributes;
    private final NameLocks locks;
    private final AsideFiles files;

    PutAside(
            final NameRequests requests,
            final Inodes inodes,
            final FilePaths paths,
            final AttributeReader attributes,
            final NameLocks locks,
            final AsideFiles files) {
        this.requests = requests;
        this.inodes = inodes;
        this.paths = paths;
        this.attributes = attributes;
        this.locks = locks;
        this.files = files;
    }

    /** A name for a file that is to be put aside in a directory; see {@link AsideFiles#newName}. */
    ByteString newName(final Inode directory) {
        return files.newName(directory);
    }

    /** A file was made under a {@link #newName}, and is about to be open: it is put aside from the start. */
    void madeAside(final Inode inode, final Inode directory, final ByteString name) {
        files.add(inode, new Inode.Name(directory, name), this);
    }

    /** A directory was renamed: see {@link AsideFiles#directoryMoved}. */
    void directoryMoved() {
        files.directoryMoved();
    }

    /** Takes the name of an open file away. The caller holds its {@link NameLocks} exclusively. */
    void hide(final Inode inode, final Inode directory, final ByteString name) throws IOException {
        moveAside(inode, new Inode.Name(directory, name), directory);
    }

    /** Undoes {@link #hide}, because what it was done for has failed. The caller holds the lock as before. */
    void restore(final Inode inode, final Inode directory, final ByteString name) throws IOException {
        final Inode.Name hidden = inodes.aside(inode).orElseThrow();
        move(inode, hidden, new Inode.Name(directory, name));
        inodes.noLongerAside(inode);
        files.remove(inode);
        files.forget(hidden.name());
    }

    /**
     * Moves what was put aside in {@code directory}, which is about to be removed, into {@code parent}. The caller holds
     * no lock.
     */
    void moveUp(final Inode directory, final Inode parent) throws IOException {
        for (final Inode inode : inodes.asideIn(directory)) {
            // It may be closed right now, and removed.
            try (NameLocks.Held held = locks.exclusive(inode)) {
                final Inode.Name hidden = inodes.aside(inode).orElse(null);
                if (hidden != null) {
                    moveAside(inode, hidden, parent);
                    files.forget(hidden.name());
                }
            }
        }
    }

    /** Removes a file that was put aside, now that it is closed. The caller holds its lock exclusively. */
    void remove(final Inode inode) {
        final Inode.Name hidden = inodes.aside(inode).orElse(null);
        if (hidden == null) {
            return;
        }
        files.remove(inode);
        final boolean goes = inodes.aboutToGo(inode);
        if (goes) {
            attributes.lastLook(inode);
        }
        // It may have got another name meanwhile, and its path is on that then.
        try (FileMoves.Move move = paths.move(inode)) {
            Uninterrupted.run(() -> requests.unlink(inodes.path(hidden.directory()), hidden.name(), 0));
            if (goes) {
                attributes.removed(inode);
            }
            inodes.asideRemoved(inode, hidden);
            files.forget(hidden.name());
        } catch (final IOException e) {
            inodes.hasStayed(inode);
            files.left(hidden.name());
            LOG.warn(
                    "the file {}, which was removed while it was open, could not be removed at its close: {}",
                    hidden.name(),
                    e.getMessage());
        }
    }

    private void moveAside(final Inode inode, final Inode.Name from, final Inode directory) throws IOException {
        final Inode.Name hidden = new Inode.Name(directory, newName(directory));
        try {
            move(inode, from, hidden);
        } catch (final RemoteException e) {
            files.forget(hidden.name());
            throw e;
        }
        files.add(inode, hidden, this);
    }

    private void move(final Inode inode, final Inode.Name from, final Inode.Name to) throws IOException {
        try (FileMoves.Move move = paths.move(inode)) {
            Uninterrupted.run(() -> requests.rename(
                    inodes.path(from.directory()), from.name(), inodes.path(to.directory()), to.name()));
            inodes.renamed(from.directory(), from.name(), to.directory(), to.name());
        }
    }
}
