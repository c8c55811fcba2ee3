package dev.ninepin.share.inode;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.handover.ShareState;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.ReadReply;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.cache.PendingWrites;
import dev.ninepin.share.cache.UnsyncedChanges;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An open file: its open fid, and a second one if both appends and writes at an offset are needed. Any thread may call
 * any method.
 *
 * <p>The first fid may still have to be checked when open(2) returns ({@link OpenCheck}). Whatever depends on the fid
 * waits for the check first. If the check fails or the connection ends, the file is opened again.
 *
 * <p>Through a fid that was opened with APPEND, a server writes at the end of the file whatever the offset is, as
 * pwrite(2) does on Linux (QEMU's local driver, for example). But the kernel may write a page back through any of a
 * file's descriptors, and fcntl(2) switches O_APPEND on and off. So each write uses the fid that was opened for its
 * kind.
 */
public final class OpenFile {
    private static final long NO_LIMIT = Long.MAX_VALUE;

    private static final Logger LOG = LoggerFactory.getLogger(OpenFile.class);

    private final Inode inode;
    private final int flags;
    private final int user;
    private final Opener opener;

    /** The fid that was opened first. */
    private final OpenFid fid;

    /** The fid with the opposite setting of APPEND. */
    private final OpenFid otherFid;

    /** Whether another client took a lock of this file during a reconnection. */
    private volatile boolean lockLost;

    /** Whether the server holds a lock through {@link #fid}, which is then not clunked. */
    @GuardedBy("this")
    private boolean fidKept;

    @GuardedBy("this")
    private boolean closed;

    /** Whether this file is counted among the inode's writers. */
    @GuardedBy("this")
    private boolean writing;

    /** The value of {@link PendingWrites#failures} when this file was opened, or when fsync(2) reported a failure last. */
    @GuardedBy("this")
    private long failuresSynced;

    /** The value of {@link UnsyncedChanges#lossNumber} when this file was opened or fsync(2) was called last. */
    @GuardedBy("this")
    private int lossReported;

    /** The value of {@link PendingWrites#failures} when this file was opened, or when write(2) reported a failure last. */
    @GuardedBy("this")
    private long failuresWritten;

    /** The value of {@link PendingWrites#failures} when a program was told of a failure last. */
    @GuardedBy("this")
    private long failuresTold;

    /**
     * A fid that was opened.
     *
     * @param iounit the server's iounit for the fid, in bytes; 0 if the server gave none
     */
    public record Opened(int fid, int iounit) {}

    /** Requests over a fid. */
    @FunctionalInterface
    public interface Requests<T> {
        T with(int fid) throws IOException;
    }

    /** The requests for further fids on a file, with the credentials of the user who opened the file. */
    public interface Opener {
        /**
         * Opens a fid on a file, with flags of open(2).
         *
         * @param again whether to check that the new fid is on the file, because an earlier fid was lost or its check
         *     failed
         * @throws StaleFileException if no path leads to the file
         */
        Opened open(Inode inode, int flags, boolean again) throws IOException;

        /** Requests the attributes of the file that a fid is on. */
        Rgetattr attributes(int fid) throws IOException;

        /** Returns whether a fid has ended with its connection. */
        boolean isLost(int fid);

        /** Requests the server's lock on a file again, if the lock's connection has ended. */
        void regainLocks(Inode inode) throws IOException;

        /** Clunks a fid without waiting for the reply. */
        void clunk(int fid);
    }

    /**
     * @param opened the first fid
     * @param flags the flags that {@code opened} was opened with
     * @param check the check that {@code opened} needs; null if that fid is certainly on the file
     * @param opener opens further fids
     * @param user the opener's server ID
     */
    public OpenFile(
            final Inode inode,
            final Opened opened,
            final int flags,
            final @Nullable OpenCheck check,
            final Opener opener,
            final int user) {
        this(inode, flags, opener, user, new OpenFid(inode, flags, opener, opened, check));
    }

    private OpenFile(final Inode inode, final int flags, final Opener opener, final int user) {
        this(inode, flags, opener, user, new OpenFid(inode, flags, opener));
    }

    private OpenFile(final Inode inode, final int flags, final Opener opener, final int user, final OpenFid fid) {
        this.inode = inode;
        this.fid = fid;
        this.otherFid = new OpenFid(inode, flags ^ OpenFlags.APPEND, opener);
        this.flags = flags;
        this.opener = opener;
        this.user = user;
        this.failuresSynced = inode.pending.failures();
        this.lossReported = inode.unsynced.lossNumber();
        this.failuresWritten = failuresSynced;
        this.failuresTold = failuresSynced;
    }

    /**
     * Returns a file that another program had opened. Its fids are opened at their first use.
     *
     * @param state the state from the other program
     */
    public static OpenFile takeOver(final Inode inode, final ShareState.File state, final Opener opener) {
        final OpenFile file = new OpenFile(inode, state.flags(), opener, state.user());
        file.fid.takeOver(state.iounit());
        file.otherFid.takeOver(0);
        file.lockLost = state.isLockLost();
        if (state.isWriting()) {
            file.beginWrite();
        }
        return file;
    }

    /** Returns the state of this file for another program. */
    public synchronized ShareState.File handOver(final long handle) {
        return new ShareState.File(handle, inode.node(), flags, iounit(), user, writing, lockLost);
    }

    /**
     * Opens the file again, as another program would, and closes the new fid.
     *
     * @throws IOException if the file cannot be opened
     */
    public void checkOpensAgain() throws IOException {
        opener.clunk(opener.open(inode, flags, true).fid());
    }

    /** Returns whether a failed write or a loss of changes has not been reported to a program yet. */
    public synchronized boolean hasUntoldFailure() {
        final long failures = inode.pending.failures();
        return failuresSynced != failures || failuresWritten != failures || lossReported != inode.unsynced.lossNumber();
    }

    /**
     * Throws the failure of an earlier write, for fsync(2): once for each failure, whichever descriptor the write came
     * through.
     */
    public void reportToFsync() throws IOException {
        final long reported;
        synchronized (this) {
            reported = failuresSynced;
            failuresSynced = inode.pending.failures();
            failuresTold = failuresSynced;
        }
        inode.pending.throwFailure(reported);
    }

    /** Throws if the server may have lost unsynced changes, for fsync(2). Reports each loss once. */
    public void reportLoss() throws IOException {
        final int reported;
        final int now = inode.unsynced.lossNumber();
        synchronized (this) {
            reported = lossReported;
            lossReported = now;
        }
        inode.unsynced.throwLoss(reported);
    }

    /**
     * Throws the failure of an earlier write, for close(2): each time until fsync(2) reports it. FUSE sends a flush for
     * every copy of a descriptor, such as one that a child process closes.
     */
    public void reportToClose() throws IOException {
        final long reported;
        synchronized (this) {
            reported = failuresSynced;
            failuresTold = inode.pending.failures();
        }
        inode.pending.throwFailure(reported);
    }

    /**
     * Throws the failure of an earlier write, for write(2): once, and fsync(2) and close(2) still report it. The kernel
     * divides a large write(2), and drops the failure of any part but the first.
     */
    public void reportToWrite() throws IOException {
        final long reported;
        synchronized (this) {
            reported = failuresWritten;
            failuresWritten = inode.pending.failures();
            failuresTold = failuresWritten;
        }
        inode.pending.throwFailure(reported);
    }

    /** Throws the failure of an earlier write of which no program was told over this file. */
    public void reportAtLast() throws IOException {
        final long told;
        synchronized (this) {
            told = failuresTold;
        }
        inode.pending.throwFailure(told);
    }

    /** Returns the server ID of the user that opened the file. */
    public int user() {
        return user;
    }

    public Inode inode() {
        return inode;
    }

    /**
     * Returns the fid that was opened first, for everything but writing. Blocks as {@link #requireChecked} does.
     *
     * @throws ErrnoException EIO if another client took a lock of this file during a reconnection
     * @throws IOException as {@link #requireChecked}
     */
    public int fid() throws IOException {
        final int number = fid.number();
        requireLock();
        return number;
    }

    /** Returns the fid like {@link #fid}, but does not require the lock. */
    public int fidDespiteLostLock() throws IOException {
        return fid.number();
    }

    /**
     * Blocks until the first fid is known to be on the file. Opens the file again if the fid is lost or its check has
     * failed.
     *
     * @throws StaleFileException if neither the path nor the fid leads to the file
     * @throws IOException if the file cannot be opened again; nothing was done over the fid
     */
    public void requireChecked() throws IOException {
        final int unused = fid.number();
    }

    /**
     * Reads over the first fid. Sends the request before the reply to the check has arrived, and sends it again over
     * another fid if the check fails. The caller closes the reply.
     *
     * @param request sends a Tread over a fid
     * @throws IOException as {@link #fid}, or if the read fails
     */
    public ReadReply read(final IntFunction<Call<ReadReply>> request) throws IOException {
        final OpenFid.Unchecked early = fid.unchecked().orElse(null);
        if (early == null) {
            return request.apply(fid()).await();
        }
        final Call<ReadReply> begun = request.apply(early.number());
        boolean isOnFile = false;
        try {
            early.check().await(NO_LIMIT);
            isOnFile = early.check().hasSucceeded();
        } finally {
            if (!isOnFile) {
                discard(begun);
            }
        }
        if (!isOnFile) {
            return request.apply(fid()).await();
        }
        fid.confirm(early.check());
        return begun.await();
    }

    /** Waits for a reply that is not about this file: it keeps memory that other requests may need. */
    private static void discard(final Call<ReadReply> call) {
        try (ReadReply reply = call.await()) {
            LOG.trace("{} bytes of another file", reply.data().remaining());
        } catch (final IOException e) {
            LOG.trace("a read over a fid that may be on another file", e);
        }
    }

    /**
     * Sends requests over a fid that may read: the file's first fid, or another fid that is opened for these requests.
     *
     * @throws IOException as {@link #fid}, or if the user may not read the file, or if the requests fail
     */
    public <T> T useToRead(final Requests<T> requests) throws IOException {
        if (OpenFlags.allowsReading(flags)) {
            return requests.with(fid());
        }
        final Opened reading = opener.open(inode, OpenFlags.RDONLY, true);
        try {
            return requests.with(reading.fid());
        } finally {
            opener.clunk(reading.fid());
        }
    }

    /**
     * Blocks until the reply to the check has arrived, if there is one, at most for {@code patienceNanos}. Does not
     * judge it.
     */
    public void awaitCheck(final long patienceNanos) throws InterruptedIOException {
        fid.awaitCheck(patienceNanos);
    }

    /** Returns the server's iounit: the most bytes that one read or write moves; 0 if only msize limits it. */
    public int iounit() {
        return fid.iounit();
    }

    /** Records that another client took a lock of this file. I/O fails until {@link #forgetLostLock}. */
    public void loseLock() {
        lockLost = true;
    }

    /** Records that a program has released its locks. */
    public void forgetLostLock() {
        lockLost = false;
    }

    /** Fails with EIO if another client took a lock of this file during a reconnection. */
    public void requireLock() throws ErrnoException {
        if (lockLost) {
            throw new ErrnoException(
                    Errno.EIO, "another client locked the file during a reconnection: unlock or close the file first");
        }
    }

    /** Returns whether the file was opened for reading only. */
    public boolean isForReadingOnly() {
        return !OpenFlags.writes(flags);
    }

    /** Returns whether the file was opened for writing. */
    public boolean isForWriting() {
        return OpenFlags.writes(flags);
    }

    /**
     * Returns the fid for a write that appends, or for one that does not. Opens the fid if necessary.
     *
     * @throws ErrnoException EIO if another client took a lock of this file during a reconnection
     */
    public int fidToWrite(final boolean append) throws IOException {
        final int number = (append == ((flags & OpenFlags.APPEND) != 0) ? fid : otherFid).number();
        requireLock();
        return number;
    }

    /** Keeps the first fid open after {@link #close}, until {@link #giveUpFid}. */
    public synchronized void keepFid() {
        fidKept = true;
    }

    /** Ends {@link #keepFid}: clunks the first fid if the file was closed meanwhile. */
    public void giveUpFid() {
        final boolean isClosed;
        synchronized (this) {
            fidKept = false;
            isClosed = closed;
        }
        if (isClosed) {
            fid.close(true);
        }
    }

    /** Records that the inode has counted this file among its writers, if it was opened for writing. */
    public synchronized void markCounted() {
        writing = isForWriting();
    }

    /** Counts this file among the inode's writers, at the start of a write. */
    public synchronized void beginWrite() {
        if (!writing) {
            writing = true;
            inode.pages.addWriter();
        }
    }

    /**
     * Takes this file from the inode's writers, because a program has closed a descriptor. If copies of the descriptor
     * are still open, the next write counts it again.
     */
    public synchronized void flush() {
        if (writing) {
            writing = false;
            inode.pages.removeWriter();
        }
    }

    /**
     * Ends the use of the fids, except one that is kept ({@link #keepFid}). The caller has waited for the reply to the
     * check ({@link #awaitCheck}).
     *
     * @param clunks whether to clunk the fids, or to leave them to the end of the session
     */
    public void close(final boolean clunks) {
        final boolean isKept;
        synchronized (this) {
            flush();
            closed = true;
            isKept = fidKept;
        }
        if (!isKept) {
            fid.close(clunks);
        }
        otherFid.close(clunks);
    }
}
