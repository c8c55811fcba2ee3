package dev.ninepin.share.lock;

import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.operations.LockMode;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.LockStatus;
import dev.ninepin.p9.LockType;
import dev.ninepin.p9.Tgetlock;
import dev.ninepin.p9.Tlock;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.security.SecureRandom;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lock requests that are sent to a server: always for whole files, and never blocking. Any thread may call any
 * method.
 *
 * <p>diod can lock only whole files anyway. It calls flock(2), and a request to unlock a part of a file releases the
 * whole lock ({@code src/libdiod/diod_ops.c}, diod_lock).
 */
public final class LockRequests {
    private static final int NO_FLAGS = 0;
    private static final long FROM_THE_START = 0;
    private static final long TO_THE_END = 0;

    /** How long a lock is requested again after a reconnection, in nanoseconds. */
    private static final long REGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final long REGAIN_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private static final Logger LOG = LoggerFactory.getLogger(LockRequests.class);

    private final Session session;

    /**
     * The client ID of this mount. It is random, so that servers distinguish two mounts on one host, and hosts of the
     * same name.
     */
    private final ByteString client =
            ByteString.of(String.format(Locale.ROOT, "ninepin-%016x", new SecureRandom().nextLong()));

    private final int process = (int) ProcessHandle.current().pid();

    /** Whether the log already says that the server does not support locks. */
    private final AtomicBoolean told = new AtomicBoolean();

    LockRequests(final Session session) {
        this.session = session;
    }

    /** Returns the number of the session's latest connection. */
    int connection() {
        return session.connection();
    }

    /**
     * Sets a lock as {@link #set} does. After a conflict, tries again for {@link #REGAIN_NANOS}: the server keeps the
     * old lock until it notices the end of this mount's old connection.
     */
    boolean setPatiently(final int fid, final LockMode mode) throws IOException {
        final long begin = System.nanoTime();
        while (!set(fid, mode)) {
            if (System.nanoTime() - begin > REGAIN_NANOS) {
                return false;
            }
            try {
                TimeUnit.NANOSECONDS.sleep(REGAIN_PAUSE_NANOS);
            } catch (final InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted before the lock was regained");
            }
        }
        return true;
    }

    /**
     * Changes the lock that the server holds through an open fid.
     *
     * @return false if another client's lock conflicts
     * @throws ErrnoException ENOLCK if the server does not support locks, or fails
     */
    boolean set(final int fid, final LockMode mode) throws IOException {
        final int status;
        try {
            status = session.lock(new Tlock(fid, mode.type(), NO_FLAGS, FROM_THE_START, TO_THE_END, process, client))
                    .await()
                    .status();
        } catch (final RemoteException e) {
            throw explained(e);
        }
        return switch (status) {
            case LockStatus.SUCCESS -> true;
            case LockStatus.BLOCKED, LockStatus.GRACE -> false;
            default -> throw new ErrnoException(Errno.ENOLCK, "the server cannot lock the file: status " + status);
        };
    }

    /**
     * Returns the mode of another client's lock that conflicts with {@code wanted}, asked through an open fid; NONE if
     * there is none.
     */
    LockMode inTheWay(final int fid, final LockMode wanted) throws IOException {
        final int type;
        try {
            type = session.getlock(new Tgetlock(fid, wanted.type(), FROM_THE_START, TO_THE_END, process, client))
                    .await()
                    .type();
        } catch (final RemoteException e) {
            throw explained(e);
        }
        return switch (type) {
            case LockType.UNLCK -> LockMode.NONE;
            case LockType.RDLCK -> LockMode.SHARED;
            default -> LockMode.EXCLUSIVE;
        };
    }

    /** Returns the exception for a server's error: ENOLCK if the error means that the server does not support locks. */
    private IOException explained(final RemoteException e) {
        // nfs-ganesha refuses a client whose name it cannot resolve, and unlocks other bytes than requested
        // (src/Protocols/9P/9p_lock.c).
        if (e.errno() != Errno.ENOSYS && e.errno() != Errno.EOPNOTSUPP && !session.isGanesha()) {
            return e;
        }
        if (!told.getAndSet(true)) {
            LOG.warn(
                    "the server does not support locks (errno {}), so programs cannot lock files: mount with"
                            + " locks=local for locks between the programs of this host",
                    e.errno());
        }
        return new ErrnoException(Errno.ENOLCK, "the server does not support locks");
    }
}
