package dev.ninepin.share.dir;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.session.Session;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.share.path.FilePaths;
import java.io.IOException;

/**
 * The fid of an open directory. After its connection has ended, the next use opens the directory again. Any thread may
 * call any method. No request is sent under the monitor.
 */
final class DirectoryFid {
    private final Session session;
    private final FidTable fids;
    private final FilePaths.Attempt<Integer> open;

    @GuardedBy("this")
    private int number;

    private volatile boolean reopened;

    /**
     * @param number a fid that is open on the directory; {@link #close} clunks the fid
     * @param open opens another fid; fails with ESTALE if no path leads to the directory
     */
    DirectoryFid(final Session session, final int number, final FilePaths.Attempt<Integer> open) {
        this.session = session;
        this.fids = session.fids();
        this.open = open;
        this.number = number;
    }

    /** Returns the number of the latest fid, which may be lost. */
    synchronized int latest() {
        return number;
    }

    /** Returns whether the directory was opened again. */
    boolean wasReopened() {
        return reopened;
    }

    /** Sends a request over the fid. If the connection ends before the answer, sends it again over another fid. */
    <T> T use(final FilePaths.Use<T> request) throws IOException {
        return session.repeatIfLost(() -> request.with(number()));
    }

    private int number() throws IOException {
        synchronized (this) {
            if (!fids.isLost(number)) {
                return number;
            }
        }
        final int opened = open.run();
        reopened = true;
        final int surplus;
        final int kept;
        synchronized (this) {
            surplus = fids.isLost(number) ? number : opened;
            number = surplus == opened ? number : opened;
            kept = number;
        }
        fids.clunk(surplus);
        return kept;
    }

    /** Clunks the fid. Must be called once. */
    void close() {
        final int last;
        synchronized (this) {
            last = number;
        }
        fids.clunk(last);
    }
}
