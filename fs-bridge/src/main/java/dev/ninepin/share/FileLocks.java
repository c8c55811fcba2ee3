package dev.ninepin.share;

import dev.ninepin.session.Session;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** The locks of a share whose server is to know of them: those on each file that is open here. Any thread. */
final class FileLocks {
    private final Session session;
    private final LockRequests requests;
    private final LockWaits waits = new LockWaits();

    /** By node: those that were locked since they were opened. */
    private final Map<Long, LockedFile> files = new ConcurrentHashMap<>();

    FileLocks(final Session session) {
        this.session = session;
        this.requests = new LockRequests(session);
    }

    /** As {@link FileOperations#lockInTheWay}. */
    Optional<FileLock> inTheWay(final FileLock wanted, final OpenFile file) throws IOException {
        return of(file.inode()).inTheWay(wanted, file);
    }

    /** As {@link FileOperations#lock}; {@code atFirst} as of {@link LockedFile#lock}. */
    void lock(final FileLock wanted, final OpenFile file, final boolean wait, final Uninterrupted.Action atFirst)
            throws IOException {
        of(file.inode()).lock(wanted, file, wait, atFirst);
    }

    /** As {@link FileOperations#flock}; {@code atFirst} as of {@link LockedFile#lock}. */
    void flock(final FileLock wanted, final OpenFile file, final boolean wait, final Uninterrupted.Action atFirst)
            throws IOException {
        of(file.inode()).flock(wanted, file, wait, atFirst);
    }

    /** A process has closed a descriptor of a file. */
    void ownerClosed(final Inode inode, final long owner) {
        final LockedFile file = files.get(inode.node());
        if (file != null) {
            file.ownerClosed(owner);
        }
    }

    /** An open file is no more; before its fids go. */
    void released(final Inode inode, final long handle) {
        final LockedFile file = files.get(inode.node());
        if (file != null) {
            file.released(handle);
        }
    }

    /** A file is no longer open here. */
    void closed(final Inode inode) {
        final LockedFile file = files.remove(inode.node());
        if (file != null) {
            file.closed();
        }
    }

    private LockedFile of(final Inode inode) {
        return files.computeIfAbsent(
                inode.node(), node -> new LockedFile(waits, new ServerLock(requests, session.fids()::clunk)));
    }
}
