package dev.ninepin.share;

import dev.ninepin.session.SessionEndedException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The locks on a file whose server is to know of them. Those of this host are judged here, exactly: by bytes, owners, and
 * kinds. The server is asked for what they come to, one lock on the whole file: exclusive if any of them is, else shared.
 * So programs of this host exclude each other whatever the server does, and hosts do where the server locks.
 *
 * <p>Any thread may call any method.
 */
final class LockedFile {
    private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final Logger LOG = LoggerFactory.getLogger(LockedFile.class);

    private final LockWaits waits;

    /** Guards all that follows; the server is asked under it. */
    private final ReentrantLock turn = new ReentrantLock();

    /** Something was freed here. */
    private final Condition freed = turn.newCondition();

    /** fcntl(2)'s. */
    private final RangeLocks ranges = new RangeLocks();

    /** flock(2)'s, which know nothing of the others. */
    private final RangeLocks flocks = new RangeLocks();

    private final ServerLock server;

    LockedFile(final LockWaits waits, final ServerLock server) {
        this.waits = waits;
        this.server = server;
    }

    /** The lock that is in the way of {@code wanted}, asked for over {@code file}; that of another client has no pid. */
    Optional<FileLock> inTheWay(final FileLock wanted, final OpenFile file) throws IOException {
        begin();
        try {
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
     * Sets a lock of fcntl(2)'s; see {@link FileOperations#lock}.
     *
     * @param atFirst done before any program here has a lock, when none had; other clients could lock the file until then
     */
    void lock(final FileLock wanted, final OpenFile file, final boolean wait, final Uninterrupted.Action atFirst)
            throws IOException {
        begin();
        try {
            take(ranges, wanted, file, wait, atFirst);
        } finally {
            turn.unlock();
        }
    }

    /** Sets a lock of flock(2)'s; see {@link FileOperations#flock}, and {@link #lock}. */
    void flock(final FileLock wanted, final OpenFile file, final boolean wait, final Uninterrupted.Action atFirst)
            throws IOException {
        begin();
        try {
            final Predicate<FileLock> own = lock -> lock.owner() == wanted.owner();
            if (flocks.strongest(own) != wanted.mode()) {
                // As flock(2) does: otherwise two that share, and both want more, would wait for each other for ever.
                if (flocks.free(own)) {
                    freed.signalAll();
                }
                take(flocks, wanted, file, wait, atFirst);
            }
        } finally {
            turn.unlock();
        }
    }

    /** A process has closed a descriptor: its locks of fcntl(2)'s are free, whichever descriptor they came over. */
    void ownerClosed(final long owner) {
        turn.lock();
        try {
            freed(ranges.free(lock -> lock.owner() == owner));
        } finally {
            turn.unlock();
        }
    }

    /** An open file is no more, and with it what it owned itself. */
    void released(final long handle) {
        turn.lock();
        try {
            final Predicate<FileLock> own = lock -> lock.handle() == handle;
            final boolean hadRanges = ranges.free(own);
            freed(flocks.free(own) || hadRanges);
        } finally {
            turn.unlock();
        }
    }

    /** The file is not open here any more. */
    void closed() {
        turn.lock();
        try {
            server.forget();
        } finally {
            turn.unlock();
        }
    }

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

    private void freed(final boolean something) {
        if (something) {
            settle();
            freed.signalAll();
        }
    }

    /** Called in turn; others have theirs while this waits. */
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
                throw new ErrnoException(Errno.EAGAIN, "another has a lock that is in the way");
            }
            try (LockWaits.Waiting waiting = kind == ranges && holder != null
                    ? waits.begin(wanted.owner(), holder.owner())
                    : waits.begin(wanted.owner())) {
                if (holder != null) {
                    freed.await();
                } else {
                    // Another client has it, and the server does not say when it is free.
                    final long unused = freed.awaitNanos(pause);
                    pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS);
                }
            } catch (final InterruptedException e) {
                throw interrupted();
            }
        }
    }

    /** Sets a lock that nothing is in the way of here, unless another client is. */
    private boolean isGranted(
            final RangeLocks kind, final FileLock wanted, final OpenFile file, final Uninterrupted.Action atFirst)
            throws IOException {
        if (wanted.mode() != LockMode.NONE) {
            final boolean isFirst = !server.holds(LockMode.SHARED);
            try {
                if (!server.raise(need().or(wanted.mode()), file)) {
                    return false;
                }
                if (isFirst) {
                    atFirst.run();
                }
            } catch (final IOException e) {
                settle();
                throw e;
            }
        }
        kind.set(wanted);
        settle();
        if (wanted.mode() != LockMode.EXCLUSIVE) {
            // It may be less than there was.
            freed.signalAll();
        }
        return true;
    }

    /** What the server is to hold for the programs of this host. */
    private LockMode need() {
        return ranges.strongest(lock -> true).or(flocks.strongest(lock -> true));
    }

    /**
     * Has the server hold what is needed, and no more. Nobody is to fail for this: what was wanted is done, or has failed
     * already.
     */
    private void settle() {
        final LockMode need = need();
        try {
            if (!server.lower(need)) {
                LOG.warn(
                        "the server gave a lock to another client while it was to be changed, and programs here go on as"
                                + " if they still had it: a server that calls flock(2) can't change a lock at once");
            }
        } catch (final SessionEndedException e) {
            LOG.debug("the server is gone, and its locks with it: {}", e.getMessage());
        } catch (final IOException e) {
            LOG.warn("the server may hold a lock for longer than it is needed: {}", e.getMessage());
        }
    }
}
