package dev.ninepin.share.name;

import dev.ninepin.p9.ByteString;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.aside.AsideFiles;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.inode.AsideOwner;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.path.FileMoves;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.NameLocks;
import dev.ninepin.share.path.NameRequests;
import dev.ninepin.share.path.Uninterrupted;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The silly renames of one user. An open file that loses its name is hidden under a temporary name, and removed on its
 * last close. The code of this package calls such a file put aside.
 *
 * <p>A server whose fids are paths fails an fstat(2) or ftruncate(2) of a file that was unlinked. Worse, it may apply
 * the request to another file that has the name by now. When a file is renamed, QEMU updates the file's fids, so the
 * file stays usable under its temporary name, as a local file would.
 *
 * <p>The user who put a file aside also removes it, since that user may write to each of the directories concerned. Any
 * thread may call any method.
 */
public final class PutAside implements AsideOwner {
    private static final Logger LOG = LoggerFactory.getLogger(PutAside.class);

    private final NameRequests requests;
    private final Inodes inodes;
    private final FilePaths paths;
    private final NameRemoval endings;
    private final NameLocks locks;
    private final AsideFiles files;
    private final int user;

    /**
     * @param user the server ID of the user who sends the requests
     */
    public PutAside(
            final NameRequests requests,
            final Inodes inodes,
            final FilePaths paths,
            final AttributeReader attributes,
            final NameLocks locks,
            final AsideFiles files,
            final int user) {
        this.requests = requests;
        this.inodes = inodes;
        this.paths = paths;
        this.endings = new NameRemoval(inodes, paths, attributes);
        this.locks = locks;
        this.files = files;
        this.user = user;
    }

    @Override
    public int user() {
        return user;
    }

    /** Returns a temporary name for a file in a directory; see {@link AsideFiles#newName(Inode, int)}. */
    public ByteString newName(final Inode directory) {
        return files.newName(directory, user);
    }

    /**
     * Records that a file has a name of {@link #newName}. It was renamed to that name, or created with it, as with
     * O_TMPFILE.
     */
    public void recordAside(final Inode inode, final Inode directory, final ByteString name) {
        files.add(inode, new Inode.Name(directory, name), this);
    }

    /** Updates the notes after a directory was renamed; see {@link AsideFiles#directoryMoved}. */
    void directoryMoved() {
        files.directoryMoved();
    }

    /** Drops a name of {@link #newName} that no file got. */
    public void forget(final ByteString name) {
        files.forget(name);
    }

    /** Silly-renames an open file. The caller holds its {@link NameLocks} exclusively. */
    void hide(final Inode inode, final Inode directory, final ByteString name) throws IOException {
        moveAside(inode, new Inode.Name(directory, name), directory);
    }

    /**
     * Silly-renames an open file before another file takes its name. The caller then calls {@link #hideForGood} if the
     * other file has the name, and {@link #restore} if it certainly has not. No note is made until then: a crash in
     * between leaves the file, which may be the only one that had the name.
     */
    void hideForNow(final Inode inode, final Inode directory, final ByteString name) throws IOException {
        final Inode.Name hidden = new Inode.Name(directory, files.newName());
        move(inode, new Inode.Name(directory, name), hidden);
        inodes.putAside(inode, hidden, this);
    }

    /**
     * Makes the note for a file of {@link #hideForNow} whose name another file has taken. The caller still holds the
     * lock.
     */
    void hideForGood(final Inode inode) {
        inodes.aside(inode).ifPresent(hidden -> files.note(inode, hidden, this));
    }

    /** Undoes {@link #hideForNow} after the operation that needed it failed. The caller still holds the lock. */
    void restore(final Inode inode, final Inode directory, final ByteString name) throws IOException {
        final Inode.Name hidden = inodes.aside(inode).orElseThrow();
        move(inode, hidden, new Inode.Name(directory, name));
        inodes.clearAside(inode);
    }

    /**
     * Moves the silly-renamed files in {@code directory}, which is about to be removed, to {@code parent}. The caller
     * holds no lock.
     */
    void moveUp(final Inode directory, final Inode parent) throws IOException {
        for (final Inode inode : inodes.asideIn(directory)) {
            // Another thread may be closing the file right now, and removing it.
            try (NameLocks.Held held = locks.exclusive(inode)) {
                final Inode.Name hidden = inodes.aside(inode).orElse(null);
                if (hidden != null) {
                    moveAside(inode, hidden, parent);
                    files.forget(hidden.name());
                }
            }
        }
    }

    /**
     * Removes a silly-renamed file after its last close. Logs a failure. The caller holds the file's lock exclusively.
     */
    @Override
    public void remove(final Inode inode) {
        final Inode.Name hidden = inodes.aside(inode).orElse(null);
        if (hidden == null) {
            return;
        }
        files.remove(inode);
        try {
            endings.removeName(inode, () -> {
                Uninterrupted.run(() -> paths.whileNothingMoves(() -> {
                    requests.unlink(hidden.directory(), hidden.name(), 0);
                    return hidden;
                }));
                inodes.asideRemoved(inode, hidden);
            });
            files.forget(hidden.name());
        } catch (final IOException e) {
            files.showInListings(hidden.name());
            LOG.warn(
                    "cannot remove {} at its last close: {}; the file was removed while open, and is visible now",
                    hidden.name(),
                    e.getMessage());
        }
    }

    private void moveAside(final Inode inode, final Inode.Name from, final Inode directory) throws IOException {
        final Inode.Name hidden = new Inode.Name(directory, newName(directory));
        try {
            move(inode, from, hidden);
        } catch (final RemoteException | StaleFileException e) {
            files.forget(hidden.name());
            throw e;
        }
        recordAside(inode, hidden.directory(), hidden.name());
    }

    private void move(final Inode inode, final Inode.Name from, final Inode.Name to) throws IOException {
        try (FileMoves.Move move = paths.move(inode)) {
            Uninterrupted.run(() -> paths.whileNothingMoves(() -> {
                requests.rename(from.directory(), from.name(), to.directory(), to.name());
                return to;
            }));
            inodes.renamed(from.directory(), from.name(), to.directory(), to.name());
        }
    }
}
