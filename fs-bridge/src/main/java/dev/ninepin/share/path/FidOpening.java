package dev.ninepin.share.path;

import dev.ninepin.operations.Errno;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rlopen;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.share.options.AccessTimes;
import java.io.IOException;

/**
 * Opens fids in such a way that reads change access times on the server only if the mount options allow it. Any thread
 * may call any method.
 *
 * <p>Only a file's owner and root may use O_NOATIME. If its kernel answers EPERM, QEMU repeats the open without the
 * flag; diod passes the error on.
 */
public record FidOpening(Session session, AccessTimes accessTimes) {
    /**
     * Opens a fid on a regular file.
     *
     * @param flags open(2)'s flags, in the numbers of {@link OpenFlags}
     */
    public Rlopen file(final int fid, final int flags) throws IOException {
        return open(fid, flags, OpenFlags.allowsReading(flags) && !accessTimes.changeFor(false));
    }

    /** Opens a fid on a directory. */
    public Rlopen directory(final int fid) throws IOException {
        return open(fid, OpenFlags.RDONLY | OpenFlags.DIRECTORY, !accessTimes.changeFor(true));
    }

    private Rlopen open(final int fid, final int flags, final boolean leaveTime) throws IOException {
        if (leaveTime && (flags & OpenFlags.NOATIME) == 0) {
            try {
                return session.lopen(fid, flags | OpenFlags.NOATIME).await();
            } catch (final RemoteException e) {
                if (e.errno() != Errno.EPERM) {
                    throw e;
                }
            }
        }
        return session.lopen(fid, flags).await();
    }
}
