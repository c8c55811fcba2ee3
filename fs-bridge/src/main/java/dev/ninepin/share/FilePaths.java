package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import dev.ninepin.session.FidTable;
import dev.ninepin.session.FidTable.Lease;
import dev.ninepin.session.PathFid;
import dev.ninepin.session.RemoteException;
import dev.ninepin.session.StaleFileException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What a user does with a file over its path, while others rename the file or a directory above it. Servers whose fids
 * are paths answer ENOENT for the moment between a rename and the news of it here; nobody is to see that moment. So what
 * finds nothing is done again, if the file was renamed meanwhile. Any thread.
 */
final class FilePaths {
    /** How often something is tried that fails because the file is renamed meanwhile. */
    private static final int MOST_TRIES = 10;

    private final FidTable fids;
    private final Inodes inodes;
    private final FileMoves moves;

    FilePaths(final FidTable fids, final Inodes inodes, final FileMoves moves) {
        this.fids = fids;
        this.inodes = inodes;
        this.moves = moves;
    }

    /** What is done with a fid. */
    @FunctionalInterface
    interface Use<T> {
        T with(int fid) throws IOException;
    }

    private interface Attempt<T> {
        T over(PathFid path) throws IOException;
    }

    /** Says that a file is about to be renamed: {@link FileMoves#begin}. */
    FileMoves.Move move(final @Nullable Inode inode) {
        return moves.begin(inode);
    }

    /**
     * Does something with the unopened fid on a file's path.
     *
     * @throws StaleFileException if the path does not lead to a file any more
     */
    <T> T use(final Inode inode, final Use<T> use) throws IOException {
        return steadily(inode, path -> {
            try (Lease lease = fids.use(path)) {
                return use.with(lease.fid());
            }
        });
    }

    /**
     * Does something with a fid of its own on a file's path, which is the caller's if this succeeds.
     *
     * @throws StaleFileException if the path does not lead to a file any more
     */
    <T> T copy(final Inode inode, final Use<T> use) throws IOException {
        return steadily(inode, path -> {
            final int fid = fids.copy(path);
            try {
                return use.with(fid);
            } catch (final IOException | RuntimeException e) {
                fids.clunk(fid);
                throw e;
            }
        });
    }

    private <T> T steadily(final Inode inode, final Attempt<T> attempt) throws IOException {
        for (int tries = 1; ; tries++) {
            final long before = moves.of(inode);
            final PathFid path = inodes.path(inode);
            try {
                return fids.moves().steadily(() -> attempt.over(path));
            } catch (final StaleFileException e) {
                if (tries == MOST_TRIES || !mayWorkNow(inode, before, path)) {
                    throw e;
                }
            } catch (final RemoteException e) {
                if (e.errno() != Errno.ENOENT) {
                    throw e;
                }
                if (tries == MOST_TRIES || !mayWorkNow(inode, before, path)) {
                    throw new StaleFileException("the path of node " + inode.node() + " leads nowhere");
                }
            }
        }
    }

    /** Whether a file has got another path since; or gets one now, from a name that it is also known by. */
    private boolean mayWorkNow(final Inode inode, final long before, final PathFid path) throws IOException {
        if (moves.since(inode, before) || inodes.path(inode) != path) {
            return true;
        }
        final Inode.Name name = inodes.nameOfPath(inode).orElse(null);
        // What was not found may have been something else that the request names.
        return name != null && !isNamed(inode, name.directory(), name.name()) && inodes.useOtherName(inode, name);
    }

    /** Whether a name leads to a file, as the server says now. */
    boolean isNamed(final Inode inode, final Inode directory, final ByteString name) throws IOException {
        try {
            final FidTable.Walked walked = fids.walk(inodes.path(directory), name);
            fids.clunk(walked.fid());
            return FileId.of(walked.qid()).equals(inode.id());
        } catch (final StaleFileException e) {
            return false;
        } catch (final RemoteException e) {
            if (e.errno() == Errno.ENOENT) {
                return false;
            }
            throw e;
        }
    }
}
