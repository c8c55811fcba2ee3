package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import dev.ninepin.session.DirectoryMoves;
import dev.ninepin.session.FidTable;
import dev.ninepin.session.FidTable.Lease;
import dev.ninepin.session.FidTable.Walked;
import dev.ninepin.session.PathFid;
import dev.ninepin.session.RemoteException;
import dev.ninepin.session.StaleFileException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A user's requests over the paths of files, while others move these files and the directories above. Any thread.
 *
 * <p>Servers keep a fid as a path. Between the server's rename and the news of it here, a path leads nowhere. No program is to
 * see that moment:
 *
 * <ul>
 *   <li>A request that only asks ({@link #use}, {@link #copy}, {@link #walk}) and finds nothing is sent once more if one of
 *       its paths has changed meanwhile, and nothing moves then. This is the only place that tries again.
 *   <li>A request that changes something ({@link #change} and its kind) waits until nothing moves, and keeps it so. Before it is
 *       sent, {@link PathChecks} makes sure that the path leads to the file that is meant.
 * </ul>
 */
final class FilePaths {
    private final FidTable fids;
    private final Inodes inodes;
    private final FileMoves moves;
    private final PathChecks checks;

    FilePaths(final FidTable fids, final Inodes inodes, final FileMoves moves, final PathChecks checks) {
        this.fids = fids;
        this.inodes = inodes;
        this.moves = moves;
        this.checks = checks;
    }

    /** A request over one fid. */
    @FunctionalInterface
    interface Use<T> {
        T with(int fid) throws IOException;
    }

    /** A request over the fids of two files. */
    @FunctionalInterface
    interface UseOfTwo<T> {
        T with(int fid, int other) throws IOException;
    }

    /** Requests that are sent together, and again as a whole. */
    @FunctionalInterface
    interface Attempt<T> {
        T run() throws IOException;
    }

    /** Announces the rename of a file: {@link FileMoves#begin}. */
    FileMoves.Move move(final @Nullable Inode inode) throws IOException {
        return moves.begin(inode);
    }

    /**
     * Sends a request that asks something over the unopened fid on a file's path.
     *
     * @throws StaleFileException if the path leads to no file any more
     */
    <T> T use(final Inode file, final Use<T> request) throws IOException {
        return ofFile(
                file,
                () -> retryIfMoved(file, true, () -> {
                    try (Lease lease = fids.use(inodes.path(file))) {
                        return request.with(lease.fid());
                    }
                }));
    }

    /** As {@link #use}, over the fids of two directories, while none is moved. Uses are not nested: each may wait for a file. */
    <T> T useBoth(final Inode one, final Inode other, final UseOfTwo<T> request) throws IOException {
        return ofFile(
                one,
                () -> whileNothingMoves(() -> {
                    try (Lease first = fids.use(inodes.path(one));
                            Lease second = fids.use(inodes.path(other))) {
                        return request.with(first.fid(), second.fid());
                    }
                }));
    }

    /**
     * Makes a fid on a file's path, which belongs to the caller if {@code request} succeeds.
     *
     * @throws StaleFileException if the path leads to no file any more
     */
    <T> T copy(final Inode file, final Use<T> request) throws IOException {
        return ofFile(file, () -> retryIfMoved(file, true, () -> withCopy(fids.copy(inodes.path(file)), request)));
    }

    /**
     * Sends a request that changes a file, over its path.
     *
     * @throws StaleFileException if the path does not lead to the file any more; nothing was changed then
     */
    <T> T change(final Inode file, final Use<T> request) throws IOException {
        return ofFile(file, () -> whileNothingMoves(file, () -> inDirectory(file, request)));
    }

    /** As {@link #change}, over a fid of its own on the file's path, which {@code request} ends even if it fails. */
    <T> T changeOverCopy(final Inode file, final Use<T> request) throws IOException {
        return ofFile(file, () -> whileNothingMoves(file, () -> request.with(checkedCopy(file))));
    }

    /**
     * Sends a request that gives a file another name in a directory.
     *
     * @param request takes the fid of the file, and then that of the directory
     * @throws StaleFileException if the file's path, or the directory's, does not lead there any more
     */
    <T> T changeIn(final Inode file, final Inode directory, final UseOfTwo<T> request) throws IOException {
        return ofFile(file, () -> whileNothingMoves(file, () -> withBoth(file, directory, request)));
    }

    /**
     * Sends a request that makes or removes a name in a directory.
     *
     * @throws StaleFileException if the directory's path leads to another one by now; nothing was changed then
     */
    <T> T changeIn(final Inode directory, final Use<T> request) throws IOException {
        return whileNothingMoves(null, () -> inDirectory(directory, request));
    }

    /** As {@link #changeIn}, with a fid on the directory that belongs to the caller if {@code request} succeeds. */
    <T> T copyToChange(final Inode directory, final Use<T> request) throws IOException {
        return whileNothingMoves(null, () -> withCopy(checkedCopy(directory), request));
    }

    /** Runs requests that change names, while no directory is moved. */
    <T> T whileNothingMoves(final Attempt<T> requests) throws IOException {
        return whileNothingMoves(null, requests);
    }

    /** Runs a request that moves a directory, while no other is moved, and nothing changed in any. */
    void moveDirectory(final Uninterrupted.Action move) throws IOException {
        try (DirectoryMoves.Held moving = fids.moves().begin()) {
            move.run();
        }
    }

    /** As {@link #changeIn(Inode, Use)}; the caller sees to it that nothing moves. */
    <T> T inDirectory(final Inode directory, final Use<T> request) throws IOException {
        try (Lease at = fids.use(inodes.path(directory))) {
            checks.begin(directory, at.fid()).require();
            return request.with(at.fid());
        }
    }

    /** As {@link #inDirectory}, for a request over two files; both are asked about at the same time. */
    <T> T withBoth(final Inode one, final Inode other, final UseOfTwo<T> request) throws IOException {
        try (Lease first = fids.use(inodes.path(one));
                Lease second = fids.use(inodes.path(other))) {
            final PathChecks.Check checkOfOne = checks.begin(one, first.fid());
            final PathChecks.Check checkOfOther = one == other ? PathChecks.DONE : checks.begin(other, second.fid());
            try {
                checkOfOne.require();
            } finally {
                checkOfOther.settle();
            }
            checkOfOther.require();
            return request.with(first.fid(), second.fid());
        }
    }

    /** Walks from a directory over {@code name}. The fid belongs to the caller. */
    Walked walk(final Inode directory, final ByteString name) throws IOException {
        return retryIfMoved(directory, false, () -> fids.walk(inodes.path(directory), name));
    }

    /** As {@link #walk}, over each of {@code names}: {@link FidTable#walkEach}. */
    List<Optional<Walked>> walkEach(final Inode directory, final List<ByteString> names) throws IOException {
        return retryIfMoved(directory, false, () -> fids.walkEach(inodes.path(directory), names));
    }

    /** Returns whether a name leads to a file, as the server says now. */
    boolean isNamed(final Inode file, final Inode directory, final ByteString name) throws IOException {
        try {
            final Walked walked = walk(directory, name);
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
     * Runs requests over the path of an inode, and runs them again if they find nothing because that has changed meanwhile.
     *
     * @param isAbout whether what was not found is the inode itself, which may have another name
     */
    private <T> T retryIfMoved(final Inode inode, final boolean isAbout, final Attempt<T> attempt) throws IOException {
        final long movedDirectories = fids.moves().count();
        final long moved = FileMoves.of(inode);
        final PathFid path = inodes.path(inode);
        final IOException failure;
        try {
            return attempt.run();
        } catch (final StaleFileException | RemoteException e) {
            failure = e;
        }
        final boolean mayHaveMoved = fids.moves().isUnderWay() || fids.moves().count() != movedDirectories;
        if (!foundNothing(failure) || (!isAbout && !mayHaveMoved)) {
            throw failure;
        }
        return whileNothingMoves(inode, () -> {
            if (fids.moves().count() != movedDirectories
                    || FileMoves.of(inode) != moved
                    || inodes.path(inode) != path
                    || (isAbout && useOtherName(inode))) {
                return isAbout ? withOtherNames(inode, attempt) : attempt.run();
            }
            throw failure;
        });
    }

    private <T> T whileNothingMoves(final @Nullable Inode file, final Attempt<T> attempt) throws IOException {
        // The file first: who renames a file may wait for directories, and who has those waits for nobody.
        try (FileMoves.Move stays = moves.hold(file);
                DirectoryMoves.Held stay = fids.moves().hold()) {
            return file == null || file.isDirectory() ? attempt.run() : withOtherNames(file, attempt);
        }
    }

    /** Runs requests over a file's path; again with each other name that it is known by, while the path leads elsewhere. */
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

    /** Runs requests to which ENOENT means that the file's path leads nowhere. */
    private static <T> T ofFile(final Inode file, final Attempt<T> attempt) throws IOException {
        try {
            return attempt.run();
        } catch (final RemoteException e) {
            if (!foundNothing(e)) {
                throw e;
            }
            throw new StaleFileException("the path of node " + file.node() + " leads nowhere");
        }
    }

    private static boolean foundNothing(final IOException failure) {
        return failure instanceof StaleFileException
                || (failure instanceof RemoteException refusal && refusal.errno() == Errno.ENOENT);
    }

    /** Gives a file the path of another of its names, if the present one leads elsewhere. */
    private boolean useOtherName(final Inode file) throws IOException {
        final Inode.Name name = inodes.nameOfPath(file).orElse(null);
        return name != null && !leadsTo(name, file) && inodes.useOtherName(file, name);
    }

    /** As {@link #isNamed}, once. */
    private boolean leadsTo(final Inode.Name name, final Inode file) throws IOException {
        try {
            final Walked walked = fids.walk(inodes.path(name.directory()), name.name());
            fids.clunk(walked.fid());
            return FileId.of(walked.qid()).equals(file.id());
        } catch (final StaleFileException | RemoteException e) {
            if (foundNothing(e)) {
                return false;
            }
            throw e;
        }
    }

    /** Makes a fid on a path that is checked. The walk to the new fid and the check are under way together. */
    private int checkedCopy(final Inode inode) throws IOException {
        try (Lease lease = fids.use(inodes.path(inode))) {
            final PathChecks.Check check = checks.begin(inode, lease.fid());
            final int copy;
            try {
                copy = fids.copy(lease.fid());
            } finally {
                check.settle();
            }
            return withCopy(copy, fid -> {
                check.require();
                return fid;
            });
        }
    }

    private <T> T withCopy(final int copy, final Use<T> request) throws IOException {
        try {
            return request.with(copy);
        } catch (final IOException | RuntimeException e) {
            fids.clunk(copy);
            throw e;
        }
    }
}
