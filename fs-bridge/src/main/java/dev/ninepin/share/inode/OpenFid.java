package dev.ninepin.share.inode;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.StaleFileException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A fid of an open file. The first use opens the fid. After its connection has ended or its check ({@link OpenCheck})
 * has failed, the next use opens the file again, with a new check.
 *
 * <p>Any thread may call any method. No request is sent and no reply awaited under the monitor. So two threads may both
 * open the file again; one of the fids is kept.
 */
final class OpenFid {
    private static final int NONE = -1;

    private static final long NO_LIMIT = Long.MAX_VALUE;

    private static final Logger LOG = LoggerFactory.getLogger(OpenFid.class);

    private final Inode inode;
    private final int flags;
    private final OpenFile.Opener opener;

    @GuardedBy("this")
    private int number = NONE;

    /** The check that {@link #number} needs; null if the fid is known to be on the file. */
    @GuardedBy("this")
    private @Nullable OpenCheck check;

    /** Whether another program had opened the file. Its fid is lost. */
    @GuardedBy("this")
    private boolean isLostBefore;

    @GuardedBy("this")
    private boolean closed;

    private volatile int iounit;

    /** @param flags the flags to open the fid with */
    OpenFid(final Inode inode, final int flags, final OpenFile.Opener opener) {
        this.inode = inode;
        this.flags = flags;
        this.opener = opener;
    }

    /** @param check the check that the fid needs; null if the fid is certainly on the file */
    OpenFid(
            final Inode inode,
            final int flags,
            final OpenFile.Opener opener,
            final OpenFile.Opened opened,
            final @Nullable OpenCheck check) {
        this(inode, flags, opener);
        this.number = opened.fid();
        this.iounit = opened.iounit();
        this.check = check;
    }

    /**
     * Records that another program had opened the file. Each new fid is checked, as after the end of a connection.
     *
     * @param earlier the iounit of that program's fid, in bytes
     */
    synchronized void takeOver(final int earlier) {
        isLostBefore = true;
        iounit = earlier;
    }

    /**
     * A fid that may be on another file.
     *
     * @param check the check that the fid needs
     */
    record Unchecked(int number, OpenCheck check) {}

    /** Returns the server's iounit for the fid, in bytes; 0 if the server gave none or the fid was not opened yet. */
    int iounit() {
        return iounit;
    }

    /** Returns the fid if it is not lost and its check has not passed yet. Does not block. */
    synchronized Optional<Unchecked> unchecked() {
        final OpenCheck pending = check;
        return pending == null || !isUsable() ? Optional.empty() : Optional.of(new Unchecked(number, pending));
    }

    /** Blocks until the reply to the check has arrived, at most for {@code patienceNanos}. */
    void awaitCheck(final long patienceNanos) throws InterruptedIOException {
        final OpenCheck pending;
        synchronized (this) {
            pending = check;
        }
        if (pending != null) {
            pending.await(patienceNanos);
        }
    }

    /**
     * Returns the number of a fid that is on the file. Opens the fid if necessary, and blocks until its check has
     * passed.
     *
     * @throws StaleFileException if neither the path nor the fid leads to the file, or if the file was closed
     */
    int number() throws IOException {
        final boolean isLost;
        final Unchecked unchecked;
        synchronized (this) {
            if (closed) {
                throw wasClosed();
            } else if (isUsable() && check == null) {
                return number;
            }
            isLost = isLostBefore || (number != NONE && !isUsable());
            unchecked = unchecked().orElse(null);
        }
        if (unchecked != null) {
            unchecked.check().await(NO_LIMIT);
            return judge(unchecked);
        }
        final OpenFile.Opened opened = opener.open(inode, flags, isLost);
        regainLocks(opened.fid());
        return keep(opened, null);
    }

    /** Opens the file again if a check has failed, and returns the fid's number. */
    private int judge(final Unchecked unchecked) throws IOException {
        if (unchecked.check().hasSucceeded()) {
            confirm(unchecked.check());
            return present();
        }
        final OpenFile.Opened again;
        try {
            again = opener.open(inode, flags, true);
        } catch (final StaleFileException e) {
            // Only the path has left the file, as rename(2) and unlink(2) do.
            if (isOnFile(unchecked)) {
                confirm(unchecked.check());
                return present();
            }
            throw e;
        }
        regainLocks(again.fid());
        return keep(again, unchecked.check());
    }

    private boolean isOnFile(final Unchecked unchecked) throws IOException {
        if (opener.isLost(unchecked.number())) {
            return false;
        }
        try {
            return unchecked.check().isOnFile(opener.attributes(unchecked.number()));
        } catch (final RemoteException e) {
            LOG.trace("fid {} shows no file", unchecked.number(), e);
            return false;
        }
    }

    /** Records that a check has passed. */
    void confirm(final OpenCheck passed) {
        passed.closeLease();
        synchronized (this) {
            check = check == passed ? null : check;
        }
    }

    private synchronized int present() throws StaleFileException {
        if (closed) {
            throw wasClosed();
        }
        return number;
    }

    /**
     * Requests the lost locks on the file again, before any request is sent over a new fid. Clunks the fid on failure.
     */
    private void regainLocks(final int fid) throws IOException {
        boolean done = false;
        try {
            opener.regainLocks(inode);
            done = true;
        } finally {
            if (!done) {
                opener.clunk(fid);
            }
        }
    }

    /**
     * Replaces the present fid, unless another thread has replaced it meanwhile. Returns the fid that is kept, and
     * clunks the other one.
     *
     * @param failed the failed check of the present fid; null if there is none
     */
    private int keep(final OpenFile.Opened opened, final @Nullable OpenCheck failed) throws StaleFileException {
        final int kept;
        final int surplus;
        final OpenCheck over;
        synchronized (this) {
            if (closed || (isUsable() && (failed == null || check != failed))) {
                surplus = opened.fid();
                over = null;
            } else {
                surplus = number;
                number = opened.fid();
                iounit = opened.iounit();
                over = check;
                check = null;
            }
            kept = closed ? NONE : number;
        }
        if (over != null) {
            over.closeLease();
        }
        if (surplus != NONE) {
            opener.clunk(surplus);
        }
        if (kept == NONE) {
            throw wasClosed();
        }
        return kept;
    }

    private StaleFileException wasClosed() {
        return new StaleFileException("node " + inode.node() + " was closed");
    }

    @GuardedBy("this")
    private boolean isUsable() {
        return number != NONE && !opener.isLost(number);
    }

    /**
     * Ends the use of the fid. No fid is opened afterwards.
     *
     * @param clunks whether to clunk the fid, or to leave it to the end of the session
     */
    void close(final boolean clunks) {
        final int last;
        final OpenCheck pending;
        synchronized (this) {
            closed = true;
            last = number;
            number = NONE;
            pending = check;
            check = null;
        }
        if (pending != null) {
            pending.closeLease();
        }
        if (last != NONE && clunks) {
            opener.clunk(last);
        }
    }
}
