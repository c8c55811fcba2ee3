package dev.ninepin.share.inode;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.share.cache.PendingWrites;
import java.io.IOException;
import java.util.function.IntConsumer;

/**
 * An open file: its open fid, and a second one if both appends and writes at an offset are needed. Any thread may call
 * any method.
 *
 * <p>Through a fid that was opened with APPEND, a server writes at the end of the file whatever the offset is, as
 * pwrite(2) does on Linux (QEMU's local driver, for example). But the kernel may write a page back through any of a
 * file's descriptors, and fcntl(2) switches O_APPEND on and off. So each write uses the fid that was opened for its
 * kind.
 */
public final class OpenFile {
    private static final int NONE = -1;

    private final Inode inode;
    private final int fid;
    private final int flags;
    private final int iounit;
    private final Opener opener;
    private final int user;

    /** The fid that was opened with the opposite setting of APPEND. */
    @GuardedBy("this")
    private int otherFid = NONE;

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

    /** The value of {@link PendingWrites#failures} when this file was opened, or when write(2) reported a failure last. */
    @GuardedBy("this")
    private long failuresWritten;

    /** The value of {@link PendingWrites#failures} when a program was told of a failure last. */
    @GuardedBy("this")
    private long failuresTold;

    /** A way to open another fid on the file. */
    @FunctionalInterface
    public interface Opener {
        int open(Inode inode, int flags) throws IOException;
    }

    /**
     * @param flags the flags that {@code fid} was opened with
     * @param iounit the server's iounit for {@code fid}, in bytes; 0 if it gave none
     * @param opener opens another fid with the opener's credentials
     * @param user the opener's server ID
     */
    public OpenFile(
            final Inode inode, final int fid, final int flags, final int iounit, final Opener opener, final int user) {
        this.inode = inode;
        this.fid = fid;
        this.flags = flags;
        this.iounit = iounit;
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

    /** Returns the fid that was opened first, for everything but writing. */
    public int fid() {
        return fid;
    }

    /** Returns the server's iounit: the most bytes that one read or write moves; 0 if only msize limits it. */
    public int iounit() {
        return iounit;
    }

    /** Returns whether the file was opened for reading only. */
    public boolean isForReadingOnly() {
        return !OpenFlags.writes(flags);
    }

    /** Returns whether the file was opened for writing. */
    public boolean isForWriting() {
        return OpenFlags.writes(flags);
    }

    /** Returns the fid for a write that appends, or for one that does not. Opens it first if need be. */
    public synchronized int fidToWrite(final boolean append) throws IOException {
        if (append == ((flags & OpenFlags.APPEND) != 0)) {
            return fid;
        }
        if (otherFid == NONE) {
            otherFid = opener.open(inode, flags ^ OpenFlags.APPEND);
        }
        return otherFid;
    }

    /** Keeps the first fid open after {@link #close}, until {@link #giveUpFid}. */
    public synchronized void keepFid() {
        fidKept = true;
    }

    /** Ends {@link #keepFid}: clunks the first fid if the file was closed meanwhile. */
    public synchronized void giveUpFid(final IntConsumer clunk) {
        fidKept = false;
        if (closed) {
            clunk.accept(fid);
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

    /** Passes the fids to {@code clunk}, except one that is kept ({@link #keepFid}). */
    public synchronized void close(final IntConsumer clunk) {
        flush();
        closed = true;
        if (!fidKept) {
            clunk.accept(fid);
        }
        if (otherFid != NONE) {
            clunk.accept(otherFid);
        }
    }
}
