package dev.ninepin.share.inode;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.ReadReply;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.cache.PendingWrites;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An open file: its open fid, and a second one if both appends and writes at an offset are needed. Any thread may call
 * any method.
 *
 * <p>The first fid may still have to be checked when open(2) returns ({@link OpenCheck}). Whatever depends on the fid
 * waits for the check first. If it fails, the file is opened again.
 *
 * <p>Through a fid that was opened with APPEND, a server writes at the end of the file whatever the offset is, as
 * pwrite(2) does on Linux (QEMU's local driver, for example). But the kernel may write a page back through any of a
 * file's descriptors, and fcntl(2) switches O_APPEND on and off. So each write uses the fid that was opened for its
 * kind.
 */
public final class OpenFile {
    private static final int NONE = -1;

    private static final long NO_LIMIT = Long.MAX_VALUE;

    private static final Logger LOG = LoggerFactory.getLogger(OpenFile.class);

    private final Inode inode;
    private final int flags;
    private final Opener opener;
    private final int user;

    /** The fid that was opened first. Written under the monitor. */
    private volatile OpenFid first;

    /** The check that {@link #first} needs; null once it has passed. Written under the monitor. */
    private volatile @Nullable OpenCheck check;

    /** The fid that was opened with the opposite setting of APPEND. */
    @GuardedBy("this")
    private int otherFid = NONE;

    /** Whether the server holds a lock through {@link #first}, which is then not clunked. */
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

    /** The value of {@link PendingWrites#failures} when this file was opened, or when write(2) reported a failure last. */
    @GuardedBy("this")
    private long failuresWritten;

    /** The value of {@link PendingWrites#failures} when a program was told of a failure last. */
    @GuardedBy("this")
    private long failuresTold;

    /** The requests for more fids on the file, with the opener's credentials. */
    public interface Opener {
        /** Opens another fid beside the first one. */
        int openAnother(Inode inode, int flags) throws IOException;

        /** Opens a fid in place of one that may be on another file, and checks it. */
        OpenFid openChecked(Inode inode, int flags) throws IOException;

        /** Requests the attributes of the file that a fid is on. */
        Rgetattr attributes(int fid) throws IOException;

        /** Clunks a fid without waiting for the reply. */
        void clunk(int fid);
    }

    /**
     * @param first the first fid
     * @param flags the flags that {@code first} was opened with
     * @param check the check that {@code first} needs; null if it is certainly on the file
     * @param user the opener's server ID
     */
    public OpenFile(
            final Inode inode,
            final OpenFid first,
            final int flags,
            final @Nullable OpenCheck check,
            final Opener opener,
            final int user) {
        this.inode = inode;
        this.first = first;
        this.flags = flags;
        this.check = check;
        this.opener = opener;
        this.user = user;
        this.failuresSynced = inode.pending.failures();
        this.failuresWritten = failuresSynced;
        this.failuresTold = failuresSynced;
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
     * @throws IOException as {@link #requireChecked}
     */
    public int fid() throws IOException {
        requireChecked();
        return first.fid();
    }

    /**
     * Blocks until the first fid is known to be on the file. Opens the file again if the check has failed.
     *
     * @throws StaleFileException if neither the path nor the fid leads to the file
     * @throws IOException if the file cannot be opened again; nothing was done over the fid
     */
    public void requireChecked() throws IOException {
        final OpenCheck pending = check;
        if (pending != null) {
            pending.await(NO_LIMIT);
            judge(pending);
        }
    }

    private synchronized void judge(final OpenCheck pending) throws IOException {
        pending.closeLease();
        if (check != pending) {
            return;
        }
        if (!pending.hasSucceeded()) {
            if (closed) {
                throw new StaleFileException("node " + inode.node() + " was closed");
            }
            reopen(pending);
        }
        check = null;
    }

    /** Opens the file again. Keeps the first fid if only the path has left the file, as rename(2) and unlink(2) do. */
    @GuardedBy("this")
    private void reopen(final OpenCheck failed) throws IOException {
        final OpenFid again;
        try {
            again = opener.openChecked(inode, flags);
        } catch (final StaleFileException e) {
            if (isFirstOnFile(failed)) {
                return;
            }
            throw e;
        }
        opener.clunk(first.fid());
        first = again;
    }

    private boolean isFirstOnFile(final OpenCheck failed) throws IOException {
        try {
            return failed.isOnFile(opener.attributes(first.fid()));
        } catch (final RemoteException e) {
            LOG.trace("fid {} shows no file", first.fid(), e);
            return false;
        }
    }

    /**
     * Reads over the first fid. Sends the request before the reply to the check has arrived, and sends it again over
     * another fid if the check fails. The caller closes the reply.
     *
     * @param request sends a Tread over a fid
     * @throws IOException as {@link #requireChecked}, or if the read fails
     */
    public ReadReply read(final IntFunction<Call<ReadReply>> request) throws IOException {
        final OpenCheck pending = check;
        if (pending == null) {
            return request.apply(first.fid()).await();
        }
        final Call<ReadReply> begun = request.apply(first.fid());
        boolean isOnFile = false;
        try {
            pending.await(NO_LIMIT);
            if (pending.hasSucceeded()) {
                judge(pending);
                isOnFile = true;
            }
        } finally {
            if (!isOnFile) {
                discard(begun);
            }
        }
        return isOnFile ? begun.await() : request.apply(fid()).await();
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
     * Blocks until the reply to the check has arrived, if there is one, at most for {@code patienceNanos}. Does not
     * judge it.
     */
    public void awaitCheck(final long patienceNanos) throws InterruptedIOException {
        final OpenCheck pending = check;
        if (pending != null) {
            pending.await(patienceNanos);
        }
    }

    /** Returns the server's iounit: the most bytes that one read or write moves; 0 if only msize limits it. */
    public int iounit() {
        return first.iounit();
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
     * Returns the fid for a write that appends, or for one that does not. Opens it first if need be. Blocks as {@link
     * #requireChecked} does.
     */
    public int fidToWrite(final boolean append) throws IOException {
        requireChecked();
        synchronized (this) {
            if (append == ((flags & OpenFlags.APPEND) != 0)) {
                return first.fid();
            }
            if (otherFid == NONE) {
                otherFid = opener.openAnother(inode, flags ^ OpenFlags.APPEND);
            }
            return otherFid;
        }
    }

    /** Keeps the first fid open after {@link #close}, until {@link #giveUpFid}. */
    public synchronized void keepFid() {
        fidKept = true;
    }

    /** Ends {@link #keepFid}: clunks the first fid if the file was closed meanwhile. */
    public synchronized void giveUpFid(final IntConsumer clunk) {
        fidKept = false;
        if (closed) {
            clunk.accept(first.fid());
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
     * Passes the fids to {@code clunk}, except one that is kept ({@link #keepFid}). The caller has waited for the reply to
     * the check ({@link #awaitCheck}).
     */
    public synchronized void close(final IntConsumer clunk) {
        flush();
        closed = true;
        final OpenCheck pending = check;
        if (pending != null) {
            pending.closeLease();
        }
        if (!fidKept) {
            clunk.accept(first.fid());
        }
        if (otherFid != NONE) {
            clunk.accept(otherFid);
        }
    }
}
