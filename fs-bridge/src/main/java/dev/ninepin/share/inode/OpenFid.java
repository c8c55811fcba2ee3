package dev.ninepin.share.inode;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import java.io.IOException;

/**
 * A fid of an open file. It is opened at its first use, and again at the next use after its connection has ended. Any
 * thread may call any method. No request is sent under the monitor.
 */
final class OpenFid {
    private static final int NONE = -1;

    private final Inode inode;
    private final int flags;
    private final OpenFile.Opener opener;

    @GuardedBy("this")
    private int number = NONE;

    @GuardedBy("this")
    private boolean closed;

    private volatile int iounit;

    /** @param flags the flags to open the fid with */
    OpenFid(final Inode inode, final int flags, final OpenFile.Opener opener) {
        this.inode = inode;
        this.flags = flags;
        this.opener = opener;
    }

    OpenFid(final Inode inode, final int flags, final OpenFile.Opener opener, final OpenFile.Opened opened) {
        this(inode, flags, opener);
        this.number = opened.fid();
        this.iounit = opened.iounit();
    }

    /** Returns the server's iounit for the fid, in bytes; 0 if it gave none or the fid was not opened yet. */
    int iounit() {
        return iounit;
    }

    /** Returns the fid's number, and opens the fid first if need be. Two threads may both do so; one of the fids is kept. */
    int number() throws IOException {
        final boolean isLost;
        synchronized (this) {
            if (isUsable()) {
                return number;
            }
            isLost = number != NONE;
        }
        final OpenFile.Opened opened = opener.open(inode, flags, isLost);
        if (isLost) {
            regainLocks(opened.fid());
        }
        return keep(opened);
    }

    /** Regains the locks on the file before any request is sent over the new fid. */
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

    private int keep(final OpenFile.Opened opened) throws ErrnoException {
        final int kept;
        final int surplus;
        synchronized (this) {
            if (closed || isUsable()) {
                surplus = opened.fid();
            } else {
                surplus = number;
                number = opened.fid();
                iounit = opened.iounit();
            }
            kept = closed ? NONE : number;
        }
        if (surplus != NONE) {
            opener.clunk(surplus);
        }
        if (kept == NONE) {
            throw new ErrnoException(Errno.EBADF, "the file was closed");
        }
        return kept;
    }

    @GuardedBy("this")
    private boolean isUsable() {
        return number != NONE && !opener.isLost(number);
    }

    /** Clunks the fid. It is not opened again. */
    void close() {
        final int last;
        synchronized (this) {
            closed = true;
            last = number;
            number = NONE;
        }
        if (last != NONE) {
            opener.clunk(last);
        }
    }
}
