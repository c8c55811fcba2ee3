package dev.ninepin.share.path;

import dev.ninepin.operations.Errno;
import dev.ninepin.p9.ByteString;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.DirectoryMoves;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.FidTable.Lease;
import dev.ninepin.session.fid.FidTable.Walked;
import dev.ninepin.session.fid.PathFid;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.inode.FileId;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One user's requests over the paths of files. Other threads and clients may rename the files and their parent
 * directories meanwhile. Any thread may call any method.
 *
 * <p>Servers implement a fid as a path. Between a rename on the server and the arrival of its reply, the old path leads
 * nowhere. Programs must not notice that moment:
 *
 * <ul>
 *   <li>A request that only reads ({@link #use}, {@link #copy}, {@link #walk}) may fail because one of its paths
 *       changed meanwhile. It is then sent once more, while no rename is under way. No other class repeats requests for
 *       this reason.
 *   <li>A request that changes something ({@link #change} and similar methods) waits until no rename is under way, and
 *       blocks renames until it is answered. Before the request is sent, {@link PathChecks} verifies that the path
 *       leads to the intended file.
 * </ul>
 */
public final class FilePaths {
    private final FidTable fids;
    private final Inodes inodes;
    private final FileMoves moves;
    private final PathChecks checks;

    public FilePaths(final FidTable fids, final Inodes inodes, final FileMoves moves, final PathChecks checks) {
        this.fids = fids;
        this.inodes = inodes;
        this.moves = moves;
        this.checks = checks;
    }

    /** A request over one fid. */
    @FunctionalInterface
    public interface Use<T> {
        T with(int fid) throws IOException;
    }

    /** A request over the fids of two files. */
    @FunctionalInterface
    public interface UseOfTwo<T> {
        T with(int fid, int other) throws IOException;
    }

    /** One or more requests that are repeated as a whole. */
    @FunctionalInterface
    public interface Attempt<T> {
        T run() throws IOException;
    }

    /** Announces the rename of a file; see {@link FileMoves#begin}. */
    public FileMoves.Move move(final @Nullable Inode inode) throws IOException {
        return moves.begin(inode);
    }

    /**
     * Sends a read-only request over the unopened fid on a file's path.
     *
     * @throws StaleFileException if the path no longer leads to a file
     */
    public <T> T use(final Inode file, final Use<T> request) throws IOException {
        return ofFile(
                file,
                () -> retryIfMoved(file, true, () -> {
                    try (Lease lease = fids.lease(inodes.path(file))) {
                        return request.with(lease.fid());
                    }
                }));
    }

    /**
     * Sends a read-only request over the path fids of two directories while no directory is moved. The request must not
     * call {@link #use} or this method: each may wait for a file.
     *
     * @throws StaleFileException if one of the paths no longer leads to a file
     */
    public <T> T useBoth(final Inode one, final Inode other, final UseOfTwo<T> request) throws IOException {
        return ofFile(
                one,
                () -> whileNothingMoves(() -> {
                    try (Lease first = fids.lease(inodes.path(one));
                            Lease second = fids.lease(inodes.path(other))) {
                        return request.with(first.fid(), second.fid());
                    }
                }));
    }

    /**
     * Makes a fid on a file's path and passes it to {@code request}. The fid belongs to the caller if {@code request}
     * succeeds, and is clunked otherwise.
     *
     * @throws StaleFileException if the path no longer leads to a file
     */
    public <T> T copy(final Inode file, final Use<T> request) throws IOException {
        return ofFile(file, () -> retryIfMoved(file, true, () -> withCopy(fids.copy(inodes.path(file)), request)));
    }

    /**
     * Sends a request that changes a file, over the file's path.
     *
     * @throws StaleFileException if the path no longer leads to the file; nothing was changed then
     */
    public <T> T change(final Inode file, final Use<T> request) throws IOException {
        return ofFile(file, () -> whileNothingMoves(file, () -> inDirectory(file, request)));
    }

    /**
     * Sends a request that changes a file, over a new fid on the file's path. {@code request} gives up the fid even if
     * it fails.
     *
     * @throws StaleFileException if the path no longer leads to the file; nothing was changed then
     */
    public <T> T changeOverCopy(final Inode file, final Use<T> request) throws IOException {
        return ofFile(file, () -> whileNothingMoves(file, () -> request.with(checkedCopy(file))));
    }

    /**
     * Sends a request that adds a name for a file in a directory.
     *
     * @param request receives the fid of the file and the fid of the directory, in this order
     * @throws StaleFileException if the path of the file or of the directory no longer leads to it; nothing was changed
     *     then
     */
    public <T> T changeIn(final Inode file, final Inode directory, final UseOfTwo<T> request) throws IOException {
        return ofFile(file, () -> whileNothingMoves(file, () -> withBoth(file, directory, request)));
    }

    /**
     * Sends a request that adds or removes a name in a directory.
     *
     * @throws StaleFileException if the path leads to another directory by now; nothing was changed then
     */
    public <T> T changeIn(final Inode directory, final Use<T> request) throws IOException {
        return whileNothingMoves(null, () -> inDirectory(directory, request));
    }

    /**
     * Sends a request that adds or removes a name in a directory, over a new fid on the directory. The fid belongs to
     * the caller if {@code request} succeeds, and is clunked otherwise.
     *
     * @throws StaleFileException if the path leads to another directory by now; nothing was changed then
     */
    public <T> T copyToChange(final Inode directory, final Use<T> request) throws IOException {
        return whileNothingMoves(null, () -> withCopy(checkedCopy(directory), request));
    }

    /** Runs requests that change names, while no directory is moved. */
    public <T> T whileNothingMoves(final Attempt<T> requests) throws IOException {
        return whileNothingMoves(null, requests);
    }

    /** Runs a request that moves a directory, while no other directory is moved and no request changes anything. */
    public void moveDirectory(final Uninterrupted.Action move) throws IOException {
        try (DirectoryMoves.Held moving = fids.moves().beginRename()) {
            move.run();
        }
    }

    /**
     * Sends a request as {@link #changeIn(Inode, Use)} does. The caller ensures that no directory is moved meanwhile.
     */
    <T> T inDirectory(final Inode directory, final Use<T> request) throws IOException {
        try (Lease at = fids.lease(inodes.path(directory))) {
            checks.begin(directory, at.fid()).require();
            return request.with(at.fid());
        }
    }

    /**
     * Sends a request over the path fids of two files, and checks both paths at the same time. The caller ensures that
     * neither file is moved meanwhile.
     */
    <T> T withBoth(final Inode one, final Inode other, final UseOfTwo<T> request) throws IOException {
        try (Lease first = fids.lease(inodes.path(one));
                Lease second = fids.lease(inodes.path(other))) {
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

    /** Walks from a directory to {@code name}. The fid belongs to the caller. */
    public Walked walk(final Inode directory, final ByteString name) throws IOException {
        return retryIfMoved(directory, false, () -> fids.walk(inodes.path(directory), name));
    }

    /** Walks from a directory to each of {@code names}; see {@link FidTable#walkEach}. */
    public List<Optional<Walked>> walkEach(final Inode directory, final List<ByteString> names) throws IOException {
        return retryIfMoved(directory, false, () -> fids.walkEach(inodes.path(directory), names));
    }

    /** Asks the server whether a name leads to a file. */
    public boolean askWhetherNamed(final Inode file, final Inode directory, final ByteString name) throws IOException {
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
     * Runs requests over the path of an inode. Runs them again if they find nothing and the path has changed meanwhile.
     *
     * @param isAbout whether the missing file is the inode itself, which may have another name
     */
    private <T> T retryIfMoved(final Inode inode, final boolean isAbout, final Attempt<T> attempt) throws IOException {
        final long movedDirectories = fids.moves().count();
        final long moved = FileMoves.countOf(inode);
        final PathFid path = inodes.path(inode);
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
                    || FileMoves.countOf(inode) != moved
                    || inodes.path(inode) != path
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

    /** Runs requests for which ENOENT means that the file's path leads nowhere. */
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

    /**
     * Moves the path fid of a file to another of its names, if the present name no longer leads to the file. Returns
     * whether it did.
     */
    private boolean useOtherName(final Inode file) throws IOException {
        final Inode.Name name = inodes.nameOfPath(file).orElse(null);
        return name != null && !leadsTo(name, file) && inodes.useOtherName(file, name);
    }

    /**
     * Asks the server once whether a name leads to a file; unlike {@link #askWhetherNamed}, does not repeat the walk after a
     * rename.
     */
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

    /**
     * Makes a fid on a path, and checks that the path leads to the inode. The Twalk and the Tgetattr are sent together.
     */
    private int checkedCopy(final Inode inode) throws IOException {
        try (Lease lease = fids.lease(inodes.path(inode))) {
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
