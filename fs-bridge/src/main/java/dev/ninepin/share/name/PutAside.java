package dev.ninepin.share.name;

import dev.ninepin.p9.ByteString;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.exchange.RequestTimeoutException;
import dev.ninepin.session.exchange.SessionEndedException;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.aside.AsideFiles;
import dev.ninepin.share.attr.AttributeReader;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.inode.OpenState;
import dev.ninepin.share.path.FileMoves;
import dev.ninepin.share.path.FilePaths;
import dev.ninepin.share.path.NameLocks;
import dev.ninepin.share.path.NameRequests;
import dev.ninepin.share.path.StripedLocks;
import dev.ninepin.share.path.Uninterrupted;
import dev.ninepin.share.path.UserView;
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
public final class PutAside {
    private static final Logger LOG = LoggerFactory.getLogger(PutAside.class);

    private final Session session;
    private final NameRequests requests;
    private final Inodes inodes;
    private final FilePaths paths;
    private final NameRemoval endings;
    private final NameLocks locks;
    private final AsideFiles files;
    private final int user;

    public PutAside(final UserView view, final AttributeReader attributes, final AsideFiles files) {
        this.session = view.session();
        this.requests = view.names();
        this.inodes = view.inodes();
        this.paths = view.paths();
        this.locks = view.shared().nameLocks();
        this.user = view.user();
        this.endings = new NameRemoval(view, attributes);
        this.files = files;
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
        files.add(inode, new OpenState.Aside(new Inode.Name(directory, name), user));
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
        inode.open.putAside(new OpenState.Aside(hidden, user));
    }

    /**
     * Makes the note for a file of {@link #hideForNow} whose name another file has taken. The caller still holds the
     * lock.
     */
    void hideForGood(final Inode inode) {
        inode.open.aside().ifPresent(hidden -> files.note(inode, hidden));
    }

    /** Undoes {@link #hideForNow} after the operation that needed it failed. The caller still holds the lock. */
    void restore(final Inode inode, final Inode directory, final ByteString name) throws IOException {
        final Inode.Name hidden = inode.open.aside().orElseThrow().name();
        move(inode, hidden, new Inode.Name(directory, name));
        inode.open.clearAside();
    }

    /**
     * Moves the silly-renamed files in {@code directory}, which is about to be removed, to {@code parent}. The caller
     * holds no lock.
     */
    void moveUp(final Inode directory, final Inode parent) throws IOException {
        for (final Inode inode : inodes.asideIn(directory)) {
            // Another thread may be closing the file right now, and removing it.
            try (StripedLocks.Held held = locks.exclusive(inode)) {
                final Inode.Name hidden =
                        inode.open.aside().map(OpenState.Aside::name).orElse(null);
                if (hidden != null) {
                    moveAside(inode, hidden, parent);
                    files.forget(hidden.name());
                }
            }
        }
    }

    /**
     * Removes a silly-renamed file after its last close. If the server is unreachable or silent, removes the file after
     * the next reconnection, or leaves it to the next mount. Logs other failures. The caller holds the file's lock
     * exclusively.
     */
    public void remove(final Inode inode) {
        final Inode.Name hidden = inode.open.aside().map(OpenState.Aside::name).orElse(null);
        if (hidden == null) {
            return;
        }
        files.remove(inode);
        try {
            endings.removeName(inode, () -> {
                try (OpenState.Removal removal = inode.open.beginRemoval()) {
                    Uninterrupted.run(() -> paths.whileNothingMoves(() -> {
                        requests.unlink(hidden.directory(), hidden.name(), 0);
                        return hidden;
                    }));
                    inodes.asideRemoved(inode, hidden);
                }
            });
            files.forget(hidden.name());
        } catch (final IOException e) {
            if (session.reconnects() && (e instanceof RequestTimeoutException || e instanceof SessionEndedException)) {
                LOG.debug("{} will be removed after the server's return", hidden.name(), e);
                inode.open.aside().ifPresent(aside -> files.add(inode, aside));
                session.runOnceAfterReconnection(() -> removeLater(inode));
                return;
            }
            files.showInListings(hidden.name());
            inodes.asideLeft(inode);
            LOG.warn(
                    "cannot remove {} at its last close: {}; the file was removed while open, and is visible now",
                    hidden.name(),
                    e.getMessage());
        }
    }

    private void removeLater(final Inode inode) {
        try (StripedLocks.Held held = locks.exclusiveUninterruptibly(inode)) {
            remove(inode);
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
