package dev.ninepin.share.path;

import dev.ninepin.session.Session;
import dev.ninepin.share.cache.ExpectedFile;
import dev.ninepin.share.cache.UnsyncedChanges;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import java.io.IOException;
import java.util.OptionalInt;

/**
 * A runner of fsync(2) calls. If a new connection followed and the server's host may have crashed, finds out whether
 * unsynced changes are lost. Any thread may call any method.
 */
public final class Syncs {
    /** The most comparisons of a file that differs. Other threads may be changing it. */
    private static final int MOST_TRIES = 8;

    private final Session session;
    private final Inodes inodes;

    public Syncs(final SharedState shared) {
        this.session = shared.session();
        this.inodes = shared.inodes();
    }

    /** A comparison of a file with the server's. */
    @FunctionalInterface
    public interface Comparison {
        /**
         * Returns whether the server's file is as expected. Waits for the pending writes first.
         *
         * @throws IOException if the server cannot be asked
         */
        boolean isAsExpected(ExpectedFile expected) throws IOException;
    }

    /**
     * Runs a request that syncs a file or directory. If the server has lost unsynced changes, or may have lost some,
     * records this in the inode ({@code UnsyncedChanges.recordLoss}). The caller reports the loss.
     *
     * <p>The file is compared before it is synced, over the same connection. So the server's host did not crash in
     * between, and the synced data is the compared data.
     */
    public void run(final Inode inode, final Comparison comparison, final FilePaths.Attempt<?> sync)
            throws IOException {
        int tries = 1;
        while (!runOnce(inode, comparison, sync, tries)) {
            tries++;
        }
    }

    /**
     * Returns false if the result is uncertain, because a file that differs may have been changed meanwhile, or because
     * another connection has begun. The last try treats this as a loss.
     */
    private boolean runOnce(
            final Inode inode, final Comparison comparison, final FilePaths.Attempt<?> sync, final int tries)
            throws IOException {
        final boolean isLast = tries == MOST_TRIES;
        // In this order, so that a change of data that is not noted yet is seen as under way or as ended later. Changes
        // of names are not counted, so the first difference is never a loss.
        final long changes = inode.pages.changes();
        final UnsyncedChanges.Sync begun = inode.unsynced.beginSync();
        boolean done = false;
        try {
            final OptionalInt since = begun.since();
            final int connection = session.connection();
            final boolean isKept = since.isEmpty()
                    || !session.mayHaveLostUnsynced(since.getAsInt())
                    || comparison.isAsExpected(begun.expected());
            if (!isKept && !isLast && (tries == 1 || !inode.pages.isUnchangedSince(changes))) {
                return false;
            }
            final Object unused = sync.run();
            final boolean isSameConnection = since.isEmpty() || !session.mayHaveLostUnsynced(connection);
            if (isKept && !isSameConnection && !isLast) {
                return false;
            }
            if (!isKept || !isSameConnection) {
                inode.unsynced.recordLoss(
                        session.connection(), UnknownOutcomeException.ofUnsynced(inodes.pathOf(inode)));
            }
            done = true;
            return true;
        } finally {
            begun.end(done);
        }
    }
}
