package dev.ninepin.share;

import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rlopen;
import dev.ninepin.session.RemoteException;
import dev.ninepin.session.Session;
import java.io.IOException;

/**
 * Opens fids, so that reading changes access times on the server only where it may. Any thread.
 *
 * <p>O_NOATIME is for the owner of a file, and for root. QEMU leaves it out itself where its kernel answers EPERM, diod
 * hands that answer on.
 */
record FidOpening(Session session, AccessTimes accessTimes) {
    Rlopen file(final int fid, final int flags) throws IOException {
        return open(fid, flags, OpenFlags.reads(flags) && !accessTimes.changeFor(false));
    }

    Rlopen directory(final int fid) throws IOException {
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
