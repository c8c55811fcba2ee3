package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.LockStatus;
import dev.ninepin.p9.LockType;
import dev.ninepin.p9.Tgetlock;
import dev.ninepin.p9.Tlock;
import dev.ninepin.session.RemoteException;
import dev.ninepin.session.Session;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a server is asked about locks: always of whole files, and never to wait. Any thread.
 *
 * <p>diod's locks are whole files anyway: it calls flock(2), and to unlock a part of one frees all of it
 * ({@code src/libdiod/diod_ops.c}, diod_lock).
 */
final class LockRequests {
    private static final int NO_FLAGS = 0;
    private static final long FROM_THE_START = 0;
    private static final long TO_THE_END = 0;

    private static final Logger LOG = LoggerFactory.getLogger(LockRequests.class);

    private final Session session;

    /** Random, so that two mounts of one machine, or machines of one name, are two for servers that go by this. */
    private final ByteString client =
            ByteString.of(String.format(Locale.ROOT, "ninepin-%016x", new SecureRandom().nextLong()));

    private final int process = (int) ProcessHandle.current().pid();

    /** Whether it was said that the server knows no locks. */
    private final AtomicBoolean told = new AtomicBoolean();

    LockRequests(final Session session) {
        this.session = session;
    }

    /**
     * Has the server change the lock that it holds over an open fid.
     *
     * @return false if another client is in the way
     * @throws ErrnoException with ENOLCK if the server has no locks, or fails
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
            default -> throw new ErrnoException(Errno.ENOLCK, "the server can't lock: it answers status " + status);
        };
    }

    /** What of another client is in the way of a lock that is asked for over an open fid. */
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

    /** What to throw for an answer that is an error: it may say that the server has no locks at all. */
    private IOException explained(final RemoteException e) {
        // nfs-ganesha refuses a client whose name it can't resolve, and it unlocks other bytes than it is asked for
        // (src/Protocols/9P/9p_lock.c).
        if (e.errno() != Errno.ENOSYS && e.errno() != Errno.EOPNOTSUPP && !session.isGanesha()) {
            return e;
        }
        if (!told.getAndSet(true)) {
            LOG.warn(
                    "the server knows no locks (errno {}), so programs can't lock files: mount with locks=local to have"
                            + " locks between the programs of this host",
                    e.errno());
        }
        return new ErrnoException(Errno.ENOLCK, "the server knows no locks");
    }
}
