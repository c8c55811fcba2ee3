package dev.ninepin.share.path;

import dev.ninepin.session.Session;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import java.io.IOException;
import java.util.OptionalInt;

/**
 * A runner of fsync(2) calls. Detects that the server may have lost unsynced changes: another connection followed, and
 * the server's host may have crashed. Any thread may call any method.
 */
public final class Syncs {
    private final Session session;
    private final Inodes inodes;

    public Syncs(final SharedState shared) {
        this.session = shared.session();
        this.inodes = shared.inodes();
    }

    /**
     * Runs a request that syncs a file or directory. If the server may have lost changes, records this in the inode's
     * {@code pending} ({@code PendingWrites.noteForgotten}). The caller reports the loss.
     */
    public void run(final Inode inode, final FilePaths.Attempt<?> sync) throws IOException {
        final OptionalInt since = inode.pending.beginSync();
        boolean done = false;
        try {
            final Object unused = sync.run();
            if (since.isPresent() && session.mayHaveForgotten(since.getAsInt())) {
                // In this order: the number is at least the one that mayHaveForgotten saw.
                inode.pending.noteForgotten(
                        session.connection(), UnknownOutcomeException.ofUnsynced(inodes.pathOf(inode)));
            }
            done = true;
        } finally {
            inode.pending.endSync(since, done);
        }
    }
}
