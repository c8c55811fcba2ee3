package dev.ninepin.share.path;

import dev.ninepin.operations.Errno;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.DirectoryMoves;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.FidTable.Walked;
import dev.ninepin.session.fid.PathFid;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.inode.FileId;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.path.FilePaths.Attempt;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The mechanism that hides renames from one user's requests over paths. Between a rename on the server and the arrival
 * of its reply, the old path leads nowhere. Every request over a path is run in one of these ways:
 *
 * <pre>{@code
 * method             overlaps renames   nothing found                            in the end   connection lost
 * read               yes                once more, or over another hard link     ESTALE       again
 * lookUp             yes                once more, if a directory was renamed    ENOENT       again
 * change             no                 over another hard link                   ESTALE       again, if harmless
 * whileNothingMoves  no                 -                                        ENOENT       again, if harmless
 * }</pre>
 *
 * <p>"Once more" means: after the renames under way, if the path has changed since the first attempt. The counters that
 * tell this are read without a lock. No other class repeats requests for this reason.
 *
 * <p>"Again" means: over the next connection, with new fids ({@link Session#repeatIfLost}). A change is harmless unless
 * it adds or removes a name; {@link LostChanges} decides about those changes. Any thread may call any method.
 */
final class PathRetry {
    private final Session session;
    private final FidTable fids;
    private final Inodes inodes;
    private final FileMoves moves;

    PathRetry(final SharedState shared, final FidTable fids) {
        this.session = shared.session();
        this.fids = fids;
        this.inodes = shared.inodes();
        this.moves = shared.moves();
    }

    /**
     * Runs requests that only read, over the path of a file.
     *
     * @throws StaleFileException if no path leads to the file
     */
    <T> T read(final Inode file, final Attempt<T> requests) throws IOException {
        return session.repeatIfLost(() -> requireFound(file, () -> retryIfMoved(file, true, requests)));
    }

    /** Runs requests that look for names in a directory. */
    <T> T lookUp(final Inode directory, final Attempt<T> requests) throws IOException {
        return session.repeatIfLost(() -> retryIfMoved(directory, false, requests));
    }

    /**
     * Runs requests that change a file, over its path. Blocks renames until they are answered.
     *
     * @throws StaleFileException if no path leads to the file
     */
    <T> T change(final Inode file, final Attempt<T> requests) throws IOException {
        return session.repeatIfLost(() -> requireFound(file, () -> whileNothingMoves(file, requests)));
    }

    /** Runs requests while no directory is renamed. */
    <T> T whileNothingMoves(final Attempt<T> requests) throws IOException {
        return session.repeatIfLost(() -> whileNothingMoves(null, requests));
    }

    /** Runs requests for which ENOENT means that the file's path leads nowhere. */
    static <T> T requireFound(final Inode file, final Attempt<T> requests) throws IOException {
        try {
            return requests.run();
        } catch (final RemoteException e) {
            if (!foundNothing(e)) {
                throw e;
            }
            throw new StaleFileException("the path of node " + file.node() + " leads nowhere");
        }
    }

    /**
     * Asks the server whether a walk leads to a file.
     *
     * @param walk makes a fid, which this method clunks
     */
    boolean leadsTo(final Inode file, final Attempt<Walked> walk) throws IOException {
        try {
            final Walked walked = walk.run();
            fids.clunk(walked.fid());
            return FileId.of(walked.qid()).equals(file.id());
        } catch (final StaleFileException | RemoteException e) {
            if (foundNothing(e)) {
                return false;
            }
            throw e;
        }
    }

    /**
     * Runs requests over the path of an inode. Runs them again if they find nothing and the path has changed meanwhile.
     *
     * @param isAbout whether the missing file is the inode itself, which may have another name
     */
    private <T> T retryIfMoved(final Inode inode, final boolean isAbout, final Attempt<T> attempt) throws IOException {
        final long movedDirectories = fids.moves().count();
        final PathFid path = inodes.path(inode);
        final long renames = path.renames();
        final IOException failure;
        try {
            return attempt.run();
        } catch (final StaleFileException | RemoteException e) {
            failure = e;
        }
        final boolean mayHaveMoved = fids.moves().isRenaming() || fids.moves().count() != movedDirectories;
        if (!foundNothing(failure) || (!isAbout && !mayHaveMoved)) {
            throw failure;
        }
        return whileNothingMoves(inode, () -> {
            if (fids.moves().count() != movedDirectories
                    || inodes.path(inode) != path
                    || path.renames() != renames
                    || (isAbout && useOtherName(inode))) {
                return isAbout ? withOtherNames(inode, attempt) : attempt.run();
            }
            throw failure;
        });
    }

    private <T> T whileNothingMoves(final @Nullable Inode file, final Attempt<T> attempt) throws IOException {
        // First the file, then the directories: the rename of a file may wait for directories while it holds the file,
        // but a thread that holds the directories waits for no file.
        try (FileMoves.Move stays = moves.hold(file);
                DirectoryMoves.Held stay = fids.moves().blockRenames()) {
            return file == null || file.isDirectory() ? attempt.run() : withOtherNames(file, attempt);
        }
    }

    /**
     * Runs requests over a file's path. While the path leads to another file or nowhere, switches to another known name
     * of the file and runs the requests again.
     */
    private <T> T withOtherNames(final Inode file, final Attempt<T> attempt) throws IOException {
        while (true) {
            try {
                return attempt.run();
            } catch (final StaleFileException | RemoteException e) {
                if (!foundNothing(e) || !useOtherName(file)) {
                    throw e;
                }
            }
        }
    }

    /**
     * Moves the path fid of a file to another of its names, if the present name no longer leads to the file. Returns
     * whether it did.
     */
    private boolean useOtherName(final Inode file) throws IOException {
        final Inode.Name name = inodes.nameOfPath(file).orElse(null);
        return name != null
                && !leadsTo(file, () -> fids.walk(inodes.path(name.directory()), name.name()))
                && inodes.useOtherName(file, name);
    }

    private static boolean foundNothing(final IOException failure) {
        return failure instanceof StaleFileException
                || (failure instanceof RemoteException refusal && refusal.errno() == Errno.ENOENT);
    }
}
