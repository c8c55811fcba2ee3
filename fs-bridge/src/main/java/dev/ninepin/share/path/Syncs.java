package dev.ninepin.share.path;

import dev.ninepin.session.Session;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import java.io.IOException;
import java.util.OptionalInt;

/**
 * The calls of fsync(2). Each finds out whether the server may have forgotten changes that were not synced: it was reached
 * again since, and its host may have crashed. Any thread may call any method.
 */
public final class Syncs {
    private final Session session;
    private final Inodes inodes;

    public Syncs(final SharedState shared) {
        this.session = shared.session();
        this.inodes = shared.inodes();
    }

    /**
     * Runs a request that syncs a file or directory. If the server may have forgotten changes, notes it in the inode's
     * {@code pending}, from which the caller reports it.
     */
    public void run(final Inode inode, final FilePaths.Attempt<?> sync) throws IOException {
        final OptionalInt since = inode.pending.beginSync();
        boolean done = false;
        try {
            final Object unused = sync.run();
            if (since.isPresent() && session.mayHaveForgotten(since.getAsInt())) {
                // In this order: the present connection is at least the one that mayHaveForgotten saw.
                inode.pending.noteForgotten(
                        session.connection(),
                        UnknownOutcomeException.of("keep the changes of " + inodes.pathOf(inode), null));
            }
            done = true;
        } finally {
            inode.pending.endSync(since, done);
        }
    }
}
