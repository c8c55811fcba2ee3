package dev.ninepin.share.lock;

import dev.ninepin.handover.ShareState;
import dev.ninepin.operations.FileLock;
import dev.ninepin.session.Session;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.OpenFile;
import dev.ninepin.share.path.Uninterrupted;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The locks on all open files of a share that sends its locks to the server. Any thread may call any method. */
public final class FileLocks {
    private static final Logger LOG = LoggerFactory.getLogger(FileLocks.class);

    private final LockRequests requests;
    private final LockWaits waits = new LockWaits();

    /** The files that were locked since they were opened, by node ID. */
    private final Map<Long, LockedFile> files = new ConcurrentHashMap<>();

    public FileLocks(final Session session) {
        this.requests = new LockRequests(session);
    }

    /** Implements {@code FileOperations.lockInTheWay}. */
    public Optional<FileLock> inTheWay(final FileLock wanted, final OpenFile file) throws IOException {
        return of(file.inode()).findConflict(wanted, file);
    }

    /** Implements {@code FileOperations.lock}; for {@code atFirst} see {@link LockedFile#lock}. */
    public void lock(final FileLock wanted, final OpenFile file, final boolean wait, final Uninterrupted.Action atFirst)
            throws IOException {
        of(file.inode()).lock(wanted, file, wait, atFirst);
    }

    /** Implements {@code FileOperations.flock}; for {@code atFirst} see {@link LockedFile#lock}. */
    public void flock(
            final FileLock wanted, final OpenFile file, final boolean wait, final Uninterrupted.Action atFirst)
            throws IOException {
        of(file.inode()).flock(wanted, file, wait, atFirst);
    }

    /** Returns the locks that programs hold, for another daemon. */
    public List<ShareState.Lock> handOver() {
        return files.values().stream().flatMap(file -> file.handOver().stream()).toList();
    }

    /** Keeps all waits for locks from ending until {@link #releaseWaits}, and returns their number. */
    public int holdWaits() {
        return waits.hold();
    }

    /** Lets waits for locks end again. */
    public void releaseWaits() {
        waits.release();
    }

    /** Adds a lock of another program. The lock is requested again before the file is used. */
    public void takeOver(final ShareState.Lock state, final OpenFile file) {
        of(file.inode()).takeOver(state, file);
    }

    /**
     * Requests the server's lock on a file again, if the lock's connection has ended. Called before the file is used.
     */
    public void regain(final Inode inode) throws IOException {
        final LockedFile file = files.get(inode.node());
        if (file != null) {
            file.regain();
        }
    }

    /** Requests all locks again after a reconnection. A failure is only logged, because the next use tries again. */
    public void regainAll() {
        for (final LockedFile file : files.values()) {
            try {
                file.regain();
            } catch (final IOException e) {
                LOG.debug("a lock is not regained yet: {}", e.getMessage());
            }
        }
    }

    /** Releases a process's fcntl(2) locks on a file, after it has closed a descriptor of the file. */
    public void ownerClosed(final Inode inode, final long owner) {
        final LockedFile file = files.get(inode.node());
        if (file != null) {
            file.releaseLocksOf(owner);
        }
    }

    /** Releases the locks of an open file description. Must be called before its fids are clunked. */
    public void released(final Inode inode, final long handle) {
        final LockedFile file = files.get(inode.node());
        if (file != null) {
            file.released(handle);
        }
    }

    /** Forgets a file's locks, after its last handle on this mount was closed. */
    public void closed(final Inode inode) {
        final LockedFile file = files.remove(inode.node());
        if (file != null) {
            file.closed();
        }
    }

    private LockedFile of(final Inode inode) {
        return files.computeIfAbsent(inode.node(), node -> new LockedFile(waits, new ServerLock(requests)));
    }
}
