package dev.ninepin.share;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.OpenFlags;
import java.io.IOException;
import java.util.function.IntConsumer;

/**
 * An open file: the fid that was opened on it, and a second one where appending and writing in place are both wanted.
 *
 * <p>A server writes at the end through a fid that was opened with APPEND, whatever the offset is (pwrite(2), and
 * QEMU's local driver with it). But the kernel may write a page back through any of a file's descriptors, and fcntl(2)
 * turns O_APPEND on and off. So a write goes to the fid that was opened the way the write is meant.
 */
final class OpenFile {
    private static final int NONE = -1;

    private final Inode inode;
    private final int fid;
    private final int flags;
    private final int iounit;
    private final Opener opener;
    private final int user;

    /** The fid that was opened with the other setting of APPEND. */
    @GuardedBy("this")
    private int otherFid = NONE;

    /** Whether a lock is held over {@link #fid}, which then stays for as long as that. */
    @GuardedBy("this")
    private boolean fidKept;

    @GuardedBy("this")
    private boolean closed;

    /** Whether this counts among the writers of the inode. */
    @GuardedBy("this")
    private boolean writing;

    /** Opens a fid on the file, with the given flags. */
    @FunctionalInterface
    interface Opener {
        int open(Inode inode, int flags) throws IOException;
    }

    /**
     * @param opener opens another fid for who has opened this one
     * @param user who that is, by the server's number
     */
    OpenFile(final Inode inode, final int fid, final int flags, final int iounit, final Opener opener, final int user) {
        this.inode = inode;
        this.fid = fid;
        this.flags = flags;
        this.iounit = iounit;
        this.opener = opener;
        this.user = user;
    }

    /** Who has opened it, by the server's number. */
    int user() {
        return user;
    }

    Inode inode() {
        return inode;
    }

    /** The fid that was opened first, for everything but writing. */
    int fid() {
        return fid;
    }

    /** Bytes that one read or write moves at best; 0 for "as msize allows". */
    int iounit() {
        return iounit;
    }

    /** Whether it was opened to be read, and not to be written. */
    boolean isForReadingOnly() {
        return !OpenFlags.writes(flags);
    }

    /** Whether it was opened to be written. */
    boolean isForWriting() {
        return OpenFlags.writes(flags);
    }

    /** The fid for a write that is, or is not, to append. */
    synchronized int fidToWrite(final boolean append) throws IOException {
        if (append == ((flags & OpenFlags.APPEND) != 0)) {
            return fid;
        }
        if (otherFid == NONE) {
            otherFid = opener.open(inode, flags ^ OpenFlags.APPEND);
        }
        return otherFid;
    }

    /** The fid stays, though this may be closed, until it is given up. */
    synchronized void keepFid() {
        fidKept = true;
    }

    /** Ends {@link #keepFid}. */
    synchronized void giveUpFid(final IntConsumer clunk) {
        fidKept = false;
        if (closed) {
            clunk.accept(fid);
        }
    }

    /** The inode has counted this among its writers, if it is one. */
    synchronized void counted() {
        writing = isForWriting();
    }

    /** A program writes. */
    synchronized void beginWrite() {
        if (!writing) {
            writing = true;
            inode.data.writerCame();
        }
    }

    /** A program has closed its descriptor; if that was a copy, it may go on to write over another. */
    synchronized void flush() {
        if (writing) {
            writing = false;
            inode.data.writerLeft();
        }
    }

    /** Gives up the fids, to {@code clunk}. */
    synchronized void close(final IntConsumer clunk) {
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
