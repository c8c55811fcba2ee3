package dev.ninepin.share.lock;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.handover.ShareState;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.operations.FileLock;
import dev.ninepin.operations.LockMode;
import dev.ninepin.session.exchange.SessionEndedException;
import dev.ninepin.share.inode.OpenFile;
import dev.ninepin.share.path.Uninterrupted;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The locks on one file, on a mount that sends its locks to the server.
 *
 * <p>Locks of programs on this host are resolved on this host, exactly: by byte range, owner and mode. The server holds
 * one lock on the whole file that summarizes them: exclusive if any of them is exclusive, else shared. So programs on
 * this host exclude each other whatever the server does, and hosts exclude each other if the server implements locks.
 *
 * <p>Any thread may call any method.
 */
public final class LockedFile {
    private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** The interval at which a wait that is held checks whether it may end. */
    private static final long HELD_CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private static final long DROPPING_CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private static final Logger LOG = LoggerFactory.getLogger(LockedFile.class);

    private final LockWaits waits;

    /** The lock of this object. Requests to the server are sent under it. */
    private final ReentrantLock turn = new ReentrantLock();

    /** Signalled when a lock of a program on this host was released or weakened. */
    private final Condition freed = turn.newCondition();

    /** The locks of fcntl(2). */
    @GuardedBy("turn")
    private final RangeLocks ranges = new RangeLocks();

    /** The locks of flock(2), which do not conflict with those of fcntl(2). */
    @GuardedBy("turn")
    private final RangeLocks flocks = new RangeLocks();

    @GuardedBy("turn")
    private final ServerLock server;

    /** Whether a thread that holds {@link #turn} is making the kernel drop pages. */
    private volatile boolean dropping;

    /** The open files through which the locks were requested, by handle. */
    @GuardedBy("turn")
    private final Map<Long, OpenFile> holders = new HashMap<>();

    LockedFile(final LockWaits waits, final ServerLock server) {
        this.waits = waits;
        this.server = server;
    }

    /**
     * Returns a lock that conflicts with {@code wanted}, of a program on this host or else of another client.
     *
     * @param file the open file through which the lock is requested
     * @return the conflicting lock; with process ID 0 if it is another client's
     * @throws InterruptedIOException if the thread was interrupted
     */
    Optional<FileLock> findConflict(final FileLock wanted, final OpenFile file) throws IOException {
        begin();
        try {
            regainLost();
            final Optional<FileLock> here = ranges.conflict(wanted);
            if (here.isPresent()) {
                return here;
            }
            final LockMode there = server.inTheWay(wanted.mode(), file);
            return there == LockMode.NONE ? Optional.empty() : Optional.of(FileLock.whole(0, 0, 0, there));
        } finally {
            turn.unlock();
        }
    }

    /**
     * Sets a lock of fcntl(2); see {@code FileOperations.lock}.
     *
     * @param atFirst run before any program on this host gets a lock, if none had one: until then, other clients could
     *     lock and change the file
     */
    void lock(final FileLock wanted, final OpenFile file, final boolean wait, final Uninterrupted.Action atFirst)
            throws IOException {
        begin();
        try {
            regainLost();
            requireLock(wanted, file);
            take(ranges, wanted, file, wait, atFirst);
        } finally {
            turn.unlock();
        }
    }

    /** Sets a lock of flock(2); see {@code FileOperations.flock}, and {@link #lock} for {@code atFirst}. */
    void flock(final FileLock wanted, final OpenFile file, final boolean wait, final Uninterrupted.Action atFirst)
            throws IOException {
        begin();
        try {
            regainLost();
            requireLock(wanted, file);
            final Predicate<FileLock> own = lock -> lock.owner() == wanted.owner();
            if (flocks.strongest(own) != wanted.mode()) {
                // flock(2) also gives up the old lock first. Otherwise two holders of shared locks that both want an
                // exclusive one would wait for each other for ever.
                if (flocks.free(own)) {
                    freed.signalAll();
                }
                take(flocks, wanted, file, wait, atFirst);
            }
        } finally {
            turn.unlock();
        }
    }

    /** Returns the locks that programs hold, for another daemon. */
    List<ShareState.Lock> handOver() {
        turn.lock();
        try {
            final List<ShareState.Lock> all = new ArrayList<>();
            ranges.all().forEach(lock -> all.add(new ShareState.Lock(false, lock)));
            flocks.all().forEach(lock -> all.add(new ShareState.Lock(true, lock)));
            return all;
        } finally {
            turn.unlock();
        }
    }

    /** Adds a lock of another program. */
    void takeOver(final ShareState.Lock state, final OpenFile file) {
        turn.lock();
        try {
            (state.isFlock() ? flocks : ranges).set(state.lock());
            holders.put(state.lock().handle(), file);
            server.takeOver(file);
        } finally {
            turn.unlock();
        }
    }

    /** Fails if the open file has lost a lock. A request to unlock ends this state first. */
    private static void requireLock(final FileLock wanted, final OpenFile file) throws ErrnoException {
        if (wanted.mode() == LockMode.NONE) {
            file.forgetLostLock();
        }
        file.requireLock();
    }

    /**
     * Requests the server's lock again, if the lock's connection has ended. Returns at once while another thread makes
     * the kernel drop pages, because the kernel then waits for reads, which call this method. No program has a lock
     * then.
     */
    void regain() throws IOException {
        try {
            while (!turn.tryLock(DROPPING_CHECK_NANOS, TimeUnit.NANOSECONDS)) {
                if (dropping) {
                    return;
                }
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted();
        }
        try {
            regainLost();
        } finally {
            turn.unlock();
        }
    }

    /** Requests the lock again, if its connection has ended. If another client has taken it, gives up all locks. */
    @GuardedBy("turn")
    private void regainLost() throws IOException {
        if (server.regain(need())) {
            return;
        }
        LOG.warn("Another client locked a file during a reconnection. Programs on this host that had locked the file"
                + " get EIO until they unlock or close it");
        for (final RangeLocks kind : List.of(ranges, flocks)) {
            for (final FileLock lock : kind.all()) {
                final OpenFile holder = holders.get(lock.handle());
                if (holder != null) {
                    holder.loseLock();
                }
            }
        }
        ranges.free(lock -> true);
        flocks.free(lock -> true);
        server.forget();
        freed.signalAll();
    }

    /**
     * Releases all fcntl(2) locks of a process that has closed a descriptor of the file, whichever descriptor set them.
     */
    void releaseLocksOf(final long owner) {
        turn.lock();
        try {
            freed(ranges.free(lock -> lock.owner() == owner));
        } finally {
            turn.unlock();
        }
    }

    /** Releases all locks that belong to an open file description, after its last descriptor was closed. */
    void released(final long handle) {
        turn.lock();
        try {
            final Predicate<FileLock> own = lock -> lock.handle() == handle;
            holders.remove(handle);
            final boolean hadRanges = ranges.free(own);
            freed(flocks.free(own) || hadRanges);
        } finally {
            turn.unlock();
        }
    }

    /** Gives up the server's lock, after the last handle on this mount was closed. */
    void closed() {
        turn.lock();
        try {
            server.forget();
        } finally {
            turn.unlock();
        }
    }

    /** Acquires {@link #turn}, interruptibly. */
    private void begin() throws InterruptedIOException {
        try {
            turn.lockInterruptibly();
        } catch (final InterruptedException e) {
            throw interrupted();
        }
    }

    private static InterruptedIOException interrupted() {
        return new InterruptedIOException("interrupted while it waited for a lock");
    }

    /** Lowers the server's lock and wakes waiting threads, if a lock was released. */
    @GuardedBy("turn")
    private void freed(final boolean something) {
        if (something) {
            settle();
            freed.signalAll();
        }
    }

    /**
     * Sets a lock, waiting for conflicting locks if {@code wait} is set. Releases {@link #turn} during the wait.
     *
     * @throws ErrnoException EAGAIN if there is a conflicting lock and {@code wait} is false; EDEADLK or ENOLCK as
     *     {@link LockWaits#begin(long, long)}
     */
    @GuardedBy("turn")
    private void take(
            final RangeLocks kind,
            final FileLock wanted,
            final OpenFile file,
            final boolean wait,
            final Uninterrupted.Action atFirst)
            throws IOException {
        long pause = FIRST_PAUSE_NANOS;
        while (true) {
            final FileLock holder = kind.conflict(wanted).orElse(null);
            if (holder == null && isGranted(kind, wanted, file, atFirst)) {
                return;
            }
            settle();
            if (!wait) {
                throw new ErrnoException(Errno.EAGAIN, "another owner holds a conflicting lock");
            }
            try (LockWaits.Waiting waiting = kind == ranges && holder != null
                    ? waits.begin(wanted.owner(), holder.owner())
                    : waits.begin(wanted.owner())) {
                if (holder != null) {
                    freed.await();
                } else {
                    // Another client holds the lock, and the server does not report its release.
                    final long unused = freed.awaitNanos(pause);
                    pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS);
                }
                while (!waiting.end()) {
                    final long unused = freed.awaitNanos(HELD_CHECK_NANOS);
                }
            } catch (final InterruptedException e) {
                throw interrupted();
            }
        }
    }

    /** Sets a lock that conflicts with none on this host. Returns false if another client's lock conflicts with it. */
    @GuardedBy("turn")
    private boolean isGranted(
            final RangeLocks kind, final FileLock wanted, final OpenFile file, final Uninterrupted.Action atFirst)
            throws IOException {
        if (wanted.mode() != LockMode.NONE) {
            final boolean isFirst = !server.holds(LockMode.SHARED);
            try {
                if (!server.raise(need().or(wanted.mode()), file)) {
                    return false;
                }
                if (isFirst && !dropData(wanted.mode(), atFirst)) {
                    return false;
                }
            } catch (final IOException e) {
                settle();
                throw e;
            }
        }
        kind.set(wanted);
        holders.put(wanted.handle(), file);
        settle();
        if (wanted.mode() != LockMode.EXCLUSIVE) {
            // The new lock may be weaker than the owner's previous one.
            freed.signalAll();
        }
        return true;
    }

    /**
     * Runs {@code atFirst}. If the connection ends meanwhile, requests the lock again and repeats the action, because
     * another client may have changed the file. ({@link #regain} does not request the lock meanwhile.) Returns false if
     * another client has taken the lock.
     */
    @GuardedBy("turn")
    private boolean dropData(final LockMode wanted, final Uninterrupted.Action atFirst) throws IOException {
        do {
            if (!server.regain(need().or(wanted))) {
                return false;
            }
            dropping = true;
            try {
                atFirst.run();
            } finally {
                dropping = false;
            }
            // In this order: if a thread skipped regain because of the mark, its new connection is visible here.
        } while (server.isLost());
        return true;
    }

    /** Returns the lock that the server must hold for the programs on this host. */
    @GuardedBy("turn")
    private LockMode need() {
        return ranges.strongest(lock -> true).or(flocks.strongest(lock -> true));
    }

    /**
     * Makes the server hold the lock that is needed, and no stronger one. A failure is only logged: the caller's
     * operation is complete, or has failed already.
     */
    @GuardedBy("turn")
    private void settle() {
        final LockMode need = need();
        try {
            if (!server.lower(need)) {
                LOG.warn("the server gave a lock to another client during a change, and programs of this host continue"
                        + " as if they held it: a server that uses flock(2) cannot change a lock atomically");
            }
        } catch (final SessionEndedException e) {
            LOG.debug("the server is gone, and its locks with it: {}", e.getMessage());
        } catch (final IOException e) {
            LOG.warn("the server may hold a lock longer than needed: {}", e.getMessage());
        }
    }
}
