package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Open files that lose their name: they are renamed aside, and removed when they are closed.
 *
 * <p>Servers whose fids are paths fail an fstat(2) or ftruncate(2) of a file that was unlinked, or worse, apply it to
 * the file that has the name now. QEMU takes the fids of a file along when it is renamed, so under its new name it
 * goes on as a local file would.
 */
final class PutAside {
    private static final Logger LOG = LoggerFactory.getLogger(PutAside.class);

    /** What the names of such files start with; the directories that they are in don't show them. */
    static final ByteString PREFIX = ByteString.of(".ninepin-");

    private final NameRequests requests;
    private final Inodes inodes;
    private final NameLocks locks;

    /** Keeps two mounts of the same share from using the same names. */
    private final long mountId = new SecureRandom().nextLong();

    private final AtomicLong last = new AtomicLong();

    PutAside(final NameRequests requests, final Inodes inodes, final NameLocks locks) {
        this.requests = requests;
        this.inodes = inodes;
        this.locks = locks;
    }

    /** Takes the name of an open file away. The caller holds its {@link NameLocks} exclusively. */
    void hide(final Inode inode, final Inode directory, final ByteString name) throws IOException {
        final ByteString hidden = newName();
        move(directory, name, directory, hidden);
        inodes.putAside(inode, directory, hidden);
    }

    /** Undoes {@link #hide}, because what it was done for has failed. The caller holds the lock as before. */
    void restore(final Inode inode, final Inode directory, final ByteString name) throws IOException {
        final Inode.Name aside = inodes.aside(inode).orElseThrow();
        move(aside.directory(), aside.name(), directory, name);
        inodes.noLongerAside(inode);
    }

    /**
     * Moves what was put aside in {@code directory}, which is about to be removed, into {@code parent}. Returns whether
     * there was anything. The caller holds no lock.
     */
    boolean moveUp(final Inode directory, final Inode parent) throws IOException {
        final List<Inode> hidden = inodes.asideIn(directory);
        for (final Inode inode : hidden) {
            try (NameLocks.Held held = locks.exclusive(inode)) {
                final Inode.Name aside = inodes.aside(inode).orElse(null);
                if (aside != null) {
                    final ByteString name = newName();
                    move(directory, aside.name(), parent, name);
                    inodes.putAside(inode, parent, name);
                }
            }
        }
        return !hidden.isEmpty();
    }

    /** Removes a file that was put aside, now that it is closed. The caller holds its lock exclusively. */
    void remove(final Inode inode) {
        final Inode.Name aside = inodes.aside(inode).orElse(null);
        if (aside == null) {
            return;
        }
        try {
            Uninterrupted.run(() -> requests.unlink(inodes.path(aside.directory()), aside.name(), 0));
            inodes.asideRemoved(inode, aside);
        } catch (final IOException e) {
            LOG.warn(
                    "the file {}, which was removed while it was open, could not be removed at its close: {}",
                    aside.name(),
                    e.getMessage());
        }
    }

    private void move(final Inode directory, final ByteString name, final Inode newDirectory, final ByteString newName)
            throws IOException {
        Uninterrupted.run(() -> requests.rename(inodes.path(directory), name, inodes.path(newDirectory), newName));
        inodes.renamed(directory, name, newDirectory, newName);
    }

    private ByteString newName() {
        return ByteString.of(String.format(Locale.ROOT, "%s%016x-%x", PREFIX, mountId, last.incrementAndGet()));
    }
}
