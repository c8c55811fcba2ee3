package dev.ninepin.share.path;

import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rmessage;
import dev.ninepin.p9.Tsetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.exchange.SessionEndedException;
import dev.ninepin.session.fid.DirectoryMoves;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.FidTable.Lease;
import dev.ninepin.session.fid.FidTable.Walked;
import dev.ninepin.session.fid.StaleFileException;
import dev.ninepin.share.cache.ExpectedFile;
import dev.ninepin.share.cache.UnsyncedChanges;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * One user's requests over the paths of files. Other threads and clients may rename the files and their parent
 * directories meanwhile. Any thread may call any method.
 *
 * <p>Servers implement a fid as a path. So a request that only reads ({@link #use}, {@link #copy}, {@link #walk}) may
 * be sent twice, and a request that changes something ({@link #setAttributes} and similar methods) blocks renames until
 * it is answered; see {@link PathRetry}. Before a change is sent, {@link PathChecks} verifies that the path leads to the
 * intended file.
 */
public final class FilePaths {
    private final Session session;
    private final FidTable fids;
    private final Inodes inodes;
    private final FileMoves moves;
    private final UnsyncedFiles unsynced;
    private final PathChecks checks;
    private final PathRetry retry;
    private final LostChanges lostChanges;

    FilePaths(final SharedState shared, final FidTable fids) {
        this.session = shared.session();
        this.fids = fids;
        this.inodes = shared.inodes();
        this.moves = shared.moves();
        this.unsynced = shared.unsynced();
        this.checks = new PathChecks(shared);
        this.retry = new PathRetry(shared, fids);
        this.lostChanges = new LostChanges(shared, fids);
    }

    /** A request over one fid. */
    @FunctionalInterface
    public interface Use<T> {
        T with(int fid) throws IOException;
    }

    /** A request over a path fid that it may keep. */
    @FunctionalInterface
    public interface UseOfLease<T> {
        /**
         * Sends the request.
         *
         * @param lease a lease on the fid, which the request closes or keeps
         */
        T with(Lease lease) throws IOException;
    }

    /** A request over the fids of two files. */
    @FunctionalInterface
    public interface UseOfTwo<T> {
        T with(int fid, int other) throws IOException;
    }

    /** The effect of a request on a file, for fsync(2). */
    @FunctionalInterface
    public interface Effect<T> {
        /**
         * Records the change.
         *
         * @param result the result of the request; null if it is unknown whether the server carried it out
         */
        void addTo(ExpectedFile expected, @Nullable T result);
    }

    /** One or more requests that are repeated as a whole. */
    @FunctionalInterface
    public interface Attempt<T> {
        T run() throws IOException;
    }

    /** Returns the decision about changes of names whose connection ended before the answer. */
    public LostChanges lostChanges() {
        return lostChanges;
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
        return retry.read(file, () -> withLease(file, request));
    }

    /**
     * Sends a read-only request like {@link #use}, while this mount neither renames the file nor removes its temporary
     * name. The caller must not wait for another file meanwhile.
     *
     * @throws StaleFileException if no path leads to the file
     */
    public <T> T useUnmoved(final Inode file, final Use<T> request) throws IOException {
        return retry.change(file, () -> withLease(file, request));
    }

    /**
     * Sends a read-only request as {@link #use} does. The request closes the lease, also if it fails, or keeps it.
     *
     * @throws StaleFileException if the path no longer leads to a file
     */
    public <T> T useLease(final Inode file, final UseOfLease<T> request) throws IOException {
        return retry.read(file, () -> request.with(fids.lease(inodes.path(file))));
    }

    /**
     * Sends a read-only request over the path fids of two directories while no directory is moved. The request must not
     * call {@link #use} or this method: each may wait for a file.
     *
     * @throws StaleFileException if one of the paths no longer leads to a file
     */
    public <T> T useBoth(final Inode one, final Inode other, final UseOfTwo<T> request) throws IOException {
        return PathRetry.requireFound(
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
        return retry.read(file, () -> withCopy(fids.copy(inodes.path(file)), request));
    }

    /**
     * Changes a file's attributes, over the file's path. Returns the server's reply.
     *
     * @param change returns the request over a fid
     * @throws StaleFileException if the path no longer leads to the file; nothing was changed then
     */
    public Rmessage setAttributes(final Inode file, final IntFunction<Tsetattr> change) throws IOException {
        return retry.change(
                file,
                () -> atPath(
                        file,
                        fid -> session.setattr(change.apply(fid)).await(),
                        (expected, reply) -> expected.set(change.apply(0))));
    }

    /**
     * Sends a request that changes a file, over a new fid on the file's path. {@code request} gives up the fid even if
     * it fails.
     *
     * @throws StaleFileException if the path no longer leads to the file; nothing was changed then
     */
    public <T> T changeOverCopy(final Inode file, final Use<T> request) throws IOException {
        return retry.change(file, () -> {
            try {
                final int copy = checkedCopy(file);
                return runAndNote(() -> request.with(copy), FilePaths::forget, file);
            } finally {
                file.noteChange();
            }
        });
    }

    /**
     * Sends a request that adds a name for a file in a directory.
     *
     * @param name the new name
     * @param request receives the fid of the file and the fid of the directory, in this order
     * @throws StaleFileException if the path of the file or of the directory no longer leads to it; nothing was changed
     *     then
     */
    public <T> T link(final Inode file, final Inode directory, final ByteString name, final UseOfTwo<T> request)
            throws IOException {
        return retry.change(
                file,
                () -> withBoth(
                        file,
                        directory,
                        request,
                        ExpectedFile::forget,
                        expected -> expected.setName(name, Optional.of(file.id().qid()))));
    }

    /**
     * Sends a request that creates a file in a directory. Returns the qid of the file.
     *
     * @throws StaleFileException if the path leads to another directory by now; nothing was changed then
     */
    public Qid create(final Inode directory, final ByteString name, final Use<Qid> request) throws IOException {
        return whileNothingMoves(
                () -> atPath(directory, request, (expected, made) -> noteCreation(expected, name, made)));
    }

    private static void noteCreation(final ExpectedFile directory, final ByteString name, final @Nullable Qid made) {
        if (made == null) {
            directory.forget();
        } else {
            directory.setName(name, Optional.of(made));
        }
    }

    /**
     * Sends a request that creates a file in a directory, over a new fid on the directory. The fid belongs to
     * the caller if {@code request} succeeds, and is clunked otherwise. Begins to make the fid for the next such request.
     *
     * @param qid returns the file's qid from the result
     * @throws StaleFileException if the path leads to another directory by now; nothing was changed then
     */
    public <T> T createOverCopy(
            final Inode directory, final ByteString name, final Use<T> request, final Function<T, Qid> qid)
            throws IOException {
        return whileNothingMoves(() -> {
            final long now = System.nanoTime();
            try (Lease lease = fids.lease(inodes.path(directory))) {
                final int copy = checkedCopy(directory, lease, now);
                final T result = runAndNote(
                        () -> withCopy(copy, request),
                        (expected, made) -> noteCreation(expected, name, made == null ? null : qid.apply(made)),
                        directory);
                fids.copyAhead(lease);
                return result;
            } finally {
                directory.noteChange();
            }
        });
    }

    /** Runs requests that change names, while no directory is moved. */
    public <T> T whileNothingMoves(final Attempt<T> requests) throws IOException {
        return retry.whileNothingMoves(requests);
    }

    /** Runs a request that moves a directory, while no other directory is moved and no request changes anything. */
    public void moveDirectory(final Uninterrupted.Action move) throws IOException {
        try (DirectoryMoves.Held moving = fids.moves().beginRename()) {
            move.run();
        }
    }

    /**
     * Sends a request that removes a name from a directory. The caller ensures that no directory is moved meanwhile.
     *
     * @throws StaleFileException if the path leads to another directory by now; nothing was changed then
     */
    <T> T remove(final Inode directory, final ByteString name, final Use<T> request) throws IOException {
        return atPath(directory, request, (expected, reply) -> expected.setName(name, Optional.empty()));
    }

    private <T> T atPath(final Inode file, final Use<T> request, final Effect<T> effect) throws IOException {
        final long now = System.nanoTime();
        try (Lease at = fids.lease(inodes.path(file))) {
            checks.begin(file, at, now).require();
            return runAndNote(() -> request.with(at.fid()), effect, file);
        } finally {
            file.noteChange();
        }
    }

    /**
     * Runs a change over existing fids. Records the change for fsync(2), unless it certainly failed. If a new
     * connection begins meanwhile, the change fails, because the fids are lost.
     */
    private <T> T runAndNote(final Attempt<T> request, final Effect<T> effect, final Inode changed) throws IOException {
        final int connection = session.connection();
        @Nullable T result = null;
        boolean isMade = true;
        try {
            result = request.run();
            return result;
        } catch (final SessionEndedException e) {
            isMade = !e.isUnsent();
            throw e;
        } catch (final RemoteException e) {
            isMade = false;
            throw e;
        } finally {
            if (isMade) {
                final @Nullable T known = result;
                unsynced.noteOverPath(changed, connection, expected -> effect.addTo(expected, known));
            }
        }
    }

    /**
     * Sends a request over the path fids of two files, and checks both paths at the same time. The caller ensures that
     * neither file is moved meanwhile.
     *
     * @param change what is changed in {@code one}
     * @param otherChange what is changed in {@code other}
     */
    <T> T withBoth(
            final Inode one,
            final Inode other,
            final UseOfTwo<T> request,
            final UnsyncedChanges.Change change,
            final UnsyncedChanges.Change otherChange)
            throws IOException {
        final long now = System.nanoTime();
        try (Lease first = fids.lease(inodes.path(one));
                Lease second = fids.lease(inodes.path(other))) {
            final PathChecks.Check checkOfOne = checks.begin(one, first, now);
            final PathChecks.Check checkOfOther = one == other ? PathChecks.DONE : checks.begin(other, second, now);
            try {
                checkOfOne.require();
            } finally {
                checkOfOther.settle();
            }
            checkOfOther.require();
            return runAndNote(
                    () -> runAndNote(
                            () -> request.with(first.fid(), second.fid()),
                            (expected, reply) -> change.addTo(expected),
                            one),
                    (expected, reply) -> otherChange.addTo(expected),
                    other);
        } finally {
            one.noteChange();
            other.noteChange();
        }
    }

    /** Walks from a directory to {@code name}. The fid belongs to the caller. */
    public Walked walk(final Inode directory, final ByteString name) throws IOException {
        return retry.lookUp(directory, () -> fids.walk(inodes.path(directory), name));
    }

    /** Fails with EEXIST if a walk to a name finds a file. */
    public void requireAbsent(final Inode directory, final ByteString name) throws IOException {
        try {
            fids.clunk(walk(directory, name).fid());
        } catch (final RemoteException e) {
            if (e.errno() == Errno.ENOENT) {
                return;
            }
            throw e;
        }
        throw new ErrnoException(Errno.EEXIST, name + " already exists");
    }

    /**
     * Fails with ENAMETOOLONG if a path in a directory, or one below it, would be too long.
     *
     * @param below the length in bytes of the longest path from the named directory to a known directory below it
     */
    public void requireRoom(final Inode directory, final ByteString name, final int below) throws ErrnoException {
        if (!fids.hasRoom(inodes.path(directory), name, below)) {
            throw new ErrnoException(
                    Errno.ENAMETOOLONG, "the path of " + name + ", or of a directory below it, would be too long");
        }
    }

    /** Returns a lease on the path fid of a directory, from which the caller walks to names. */
    public Lease leaseToLookUp(final Inode directory) throws IOException {
        return retry.lookUp(directory, () -> fids.lease(inodes.path(directory)));
    }

    /** Returns whether a file's path need not be checked before a change ({@link PathChecks}). */
    boolean isKnown(final Inode file) {
        return checks.isKnown(file, System.nanoTime());
    }

    /** Asks the server whether a name leads to a file. */
    public boolean askWhetherNamed(final Inode file, final Inode directory, final ByteString name) throws IOException {
        return retry.leadsTo(file, () -> walk(directory, name));
    }

    private static void forget(final ExpectedFile expected, final @Nullable Object result) {
        expected.forget();
    }

    private int checkedCopy(final Inode inode) throws IOException {
        final long now = System.nanoTime();
        try (Lease lease = fids.lease(inodes.path(inode))) {
            return checkedCopy(inode, lease, now);
        }
    }

    /**
     * Makes a second fid on the path of a lease, or takes the one that was made ahead, and checks that the path leads to
     * the inode. A Twalk and a Tgetattr are sent together.
     *
     * @param now a {@link System#nanoTime} from before the lease was taken
     */
    private int checkedCopy(final Inode inode, final Lease lease, final long now) throws IOException {
        final PathChecks.Check check = checks.begin(inode, lease, now);
        final int copy;
        try {
            copy = fids.copyToOpen(lease);
        } finally {
            check.settle();
        }
        return withCopy(copy, fid -> {
            check.require();
            return fid;
        });
    }

    private <T> T withLease(final Inode file, final Use<T> request) throws IOException {
        try (Lease lease = fids.lease(inodes.path(file))) {
            return request.with(lease.fid());
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
