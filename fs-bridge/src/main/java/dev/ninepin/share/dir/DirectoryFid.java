package dev.ninepin.share.dir;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.session.Session;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.share.path.FilePaths;
import java.io.IOException;

/**
 * The fid of an open directory. It is opened again at its next use after its connection has ended. Any thread may call any
 * method. No request is sent under the monitor.
 */
final class DirectoryFid {
    private final Session session;
    private final FidTable fids;
    private final FilePaths.Attempt<Integer> open;

    @GuardedBy("this")
    private int number;

    /**
     * Opens the directory.
     *
     * @param open opens a fid on the directory; fails with ESTALE if no path leads to it
     */
    DirectoryFid(final Session session, final FilePaths.Attempt<Integer> open) throws IOException {
        this.session = session;
        this.fids = session.fids();
        this.open = open;
        this.number = open.run();
    }

    /** Sends a request over the fid, and again over another fid if the connection ends before the answer. */
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
