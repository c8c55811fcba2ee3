package dev.ninepin.session.fid;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.session.exchange.RemoteException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The fids of a session, as one user of the session has them. There are two sorts:
 *
 * <ul>
 *   <li>Path fids are unopened fids on a {@link PathFid}. The table makes them by walking from the root of an attach of
 *       the same user. So the server checks that this user may search each directory. The limit on path fids applies to
 *       all users together. Beyond the limit, fids that were not used recently are clunked, without waiting. A clunked
 *       fid is made again at its next use, after a check that the path still leads to the same file. A path that is
 *       opened again and again also has a copy of its fid, made before it is needed.
 *   <li>Fids of open files belong to the callers that took them, until these pass them to {@link #clunk}.
 * </ul>
 *
 * <p>Servers store a fid as a path. QEMU updates the fids below a renamed directory ({@code hw/9pfs/9p.c}, {@code
 * v9fs_fix_fid_paths}); diod does not. So the table makes a fid again when its path has changed.
 *
 * <p>A request on a path finds nothing at the moment when a directory above is being renamed. The table does not retry:
 * the caller asks {@link #moves} whether another attempt may succeed.
 *
 * <p>Any thread may call any method.
 */
public final class FidTable {
    private final OwnFids own;
    private final Walks walks;
    final PathFids paths;
    private final int user;
    private final int max;

    public FidTable(final FidRequests requests, final int max) {
        this.own = new OwnFids(requests);
        this.walks = new Walks(requests, own);
        this.user = requests.nUname();
        this.max = max;
        this.paths = new PathFids(own, walks, user, max);
        own.setMakeRoom(paths::makeRoom);
    }

    private FidTable(final FidTable sessions, final int user) {
        this.own = sessions.own;
        this.walks = sessions.walks;
        this.max = sessions.max;
        this.paths = sessions.paths;
        this.user = user;
    }

    /** A pinned path fid: the table does not clunk it before the lease is closed. */
    public interface Lease extends AutoCloseable {
        /** Returns the fid's number. */
        int fid();

        /** Returns whether the fid was made for this lease. If so, the path has just led to the file. */
        default boolean isNew() {
            return false;
        }

        @Override
        void close();
    }

    /**
     * A fid that a walk has made.
     *
     * @param fid the fid's number; the caller owns the fid
     * @param qid the file that the walk led to
     * @param moves how many directories had been renamed before the walk began
     * @param user the user from whose attach the walk began
     */
    public record Walked(int fid, Qid qid, long moves, int user) {}

    /**
     * A fid on the value of an extended attribute, or on the list of attribute names.
     *
     * @param fid the fid's number; the caller owns the fid
     * @param size how many bytes can be read, as an unsigned number
     */
    public record Attribute(int fid, long size) {}

    /**
     * Returns the fids of another user of the same session. The user is attached when the first of these fids is made,
     * and again if the fid on the root was clunked meanwhile. If the server refuses the attach, the method that needed
     * the fid fails with this error.
     *
     * @param nUname the user's numeric ID on the server
     */
    public FidTable forUser(final int nUname) {
        return nUname == user ? this : new FidTable(this, nUname);
    }

    /** Returns the numeric ID on the server of the user that these fids belong to. */
    public int nUname() {
        return user;
    }

    public void setRoot(final int fid, final Qid qid) {
        paths.setRoot(fid, qid);
    }

    /**
     * Begins the fids of a new connection, on which the session's user has attached with fid 0. All earlier fids are
     * lost: their numbers are not used again, and no request is sent over these fids, not even to clunk them.
     */
    public void beginConnection() {
        paths.beginConnection();
    }

    /** Returns the number of the latest connection's first fid, which is 0 on the wire. */
    public int first() {
        return own.first();
    }

    /** Returns whether a fid has ended with its connection. */
    public boolean isLost(final int fid) {
        return own.isLost(fid);
    }

    /** Returns the root of the tree that the session is attached to. */
    public PathFid root() {
        return paths.root();
    }

    /** Returns how many fids the server holds, or may hold, for this session. */
    public int used() {
        return own.used();
    }

    /** Returns how many of these fids were made ahead by {@link #copyAhead}, and are still unused. */
    public int ahead() {
        return paths.ahead();
    }

    /** Returns the limit on path fids. Fids that are in use may exceed it. */
    public int max() {
        return max;
    }

    /**
     * Takes a number for a fid that the caller will make and then own, and passes to {@link #clunk} or {@link
     * #giveBack}. If the server takes no more fids, blocks while fids are being clunked, at most for the request
     * timeout.
     *
     * @throws RemoteException with ENFILE if no fid can be clunked
     */
    public int take() throws IOException {
        return own.take();
    }

    /** Gives back the number of a fid that was never made. */
    public void giveBack(final int fid) {
        own.giveBack(fid);
    }

    /** Clunks a fid that the caller owns, without waiting for the answer. */
    public void clunk(final int fid) {
        own.clunk(fid);
    }

    /**
     * Clunks a fid that the caller owns, and waits for the answer. After a Txattrcreate, the server only sets the
     * attribute at the Tclunk, and reports a failure in its answer. The fid is gone afterwards, even if the Tclunk
     * failed.
     */
    public void clunkAndAwait(final int fid) throws IOException {
        own.clunkAndAwait(fid);
    }

    /** Removes the file of a fid that the caller owns. The fid is gone afterwards, even if removing the file failed. */
    public void remove(final int fid) throws IOException {
        own.remove(fid);
    }

    /**
     * Returns the lock and the counter for renames of directories. Every caller that renames a directory reports it
     * there.
     */
    public DirectoryMoves moves() {
        return paths.moves();
    }

    /**
     * Walks from {@code directory} over {@code name} to a new fid, which the caller then owns.
     *
     * @throws RemoteException if the server answers with an error, for example ENOENT because the name does not exist
     */
    public Walked walk(final PathFid directory, final ByteString name) throws IOException {
        final Walks.Start start = start();
        try (Lease from = lease(directory)) {
            return requireRoom(directory, name, walks.walk(from.fid(), List.of(name), start));
        }
    }

    /**
     * Walks like {@link #walk(PathFid, ByteString)}. {@code from} is a fid on the directory; it must stay on it until
     * this method returns.
     */
    public Walked walk(final int from, final ByteString name) throws IOException {
        return walks.walk(from, List.of(name), start());
    }

    private Walked requireRoom(final PathFid directory, final ByteString name, final Walked walked)
            throws RemoteException {
        if (walked.qid().isDirectory() && !hasRoom(directory, name, 0)) {
            clunk(walked.fid());
            throw new RemoteException("Twalk", RemoteException.ENAMETOOLONG);
        }
        return walked;
    }

    /**
     * Returns whether {@code name} in {@code directory} may become a directory. If not, its path would be too long for
     * some server, and files in it could no longer be removed.
     *
     * @param below length in bytes of the longest path from {@code name} to a directory below it, counting a slash
     *     before each name; 0 if there is no such directory
     */
    public boolean hasRoom(final PathFid directory, final ByteString name, final int below) {
        return paths.hasRoom(directory, name, below);
    }

    /**
     * Begins a walk to a new fid like {@link #walk(int, ByteString)}, without waiting for the answer. Does not check the
     * length of the path. Empty if the server takes no more fids: the caller may then {@link #makeRoom}.
     *
     * @param moves how many directories had been renamed ({@link DirectoryMoves#count}) before the caller took {@code
     *     from}: a fid that the server did not correct after a rename leads to other files
     */
    public Optional<PendingWalk> beginWalk(final int from, final ByteString name, final long moves) {
        return walks.begin(from, name, new Walks.Start(user, moves));
    }

    /**
     * Clunks some unused path fids for the next {@link #beginWalk}, without waiting for the answers. Must not be called
     * with unsent requests in a batch, because it may wait for a walk that was sent there. Returns whether there were
     * any.
     */
    public boolean makeRoom() {
        return paths.makeRoom();
    }

    private Walks.Start start() {
        return new Walks.Start(user, moves().count());
    }

    /** Makes a second fid on a path, which the caller owns and can open or pass to Tlcreate. */
    public int copy(final PathFid path) throws IOException {
        try (Lease from = lease(path)) {
            return copy(from.fid());
        }
    }

    /** Copies a fid like {@link #copy(PathFid)}. {@code from} must stay on its path until this method returns. */
    public int copy(final int from) throws IOException {
        return walks.copy(from);
    }

    /**
     * Makes a second fid on the path of a lease, which the caller owns and opens. Without a request, if the fid was made
     * ahead by {@link #copyAhead}.
     */
    public int copyToOpen(final Lease lease) throws IOException {
        return paths.copyToOpen(lease);
    }

    /**
     * Begins to make the fid that the next {@link #copyToOpen} returns, if the path was opened before. Does not wait for
     * the reply. The fid leaves the table with the path's fid, such as when the path is renamed.
     */
    public void copyAhead(final Lease lease) {
        paths.copyAhead(lease);
    }

    /**
     * Makes a fid on an extended attribute of the file of {@code from}, which the caller then owns. With an empty name,
     * the fid is on the list of attribute names, each of which ends with a NUL.
     */
    public Attribute xattrWalk(final int from, final ByteString name) throws IOException {
        return walks.xattrWalk(from, name);
    }

    /** Makes a new path, {@code name} in {@code directory}, and gives it the fid that the caller walked. */
    public PathFid adopt(final PathFid directory, final ByteString name, final Walked walked) {
        final PathFid path = new PathFid(directory, name, walked.qid(), paths.owner());
        paths.give(path, directory, name, walked);
        return path;
    }

    /**
     * Gives the fid that the caller walked to a known path. Clunks the fid if the path already has a current one, or is
     * no longer {@code name} in {@code directory}.
     */
    public void offerFid(final PathFid path, final PathFid directory, final ByteString name, final Walked walked) {
        paths.give(path, directory, name, walked);
    }

    /**
     * Returns a path for a new file, {@code name} in {@code directory}. Its fid is made when the path is first used.
     */
    public PathFid newPath(final PathFid directory, final ByteString name, final Qid qid) {
        return new PathFid(directory, name, qid, paths.owner());
    }

    /**
     * Returns a lease on the path's fid, and makes the fid if there is none. The caller closes the lease soon.
     *
     * @throws StaleFileException if the path is retired or leads to another file
     */
    public Lease lease(final PathFid path) throws IOException {
        return paths.use(path, user);
    }

    /**
     * Returns a lease on the path's fid as {@link #lease} does, but without a request: empty if there is no fid. The
     * caller closes the lease soon.
     */
    public Optional<Lease> leaseIfMade(final PathFid path) {
        return paths.useIfMade(path, user);
    }

    /** Returns whether the path has a fid, so that a {@link #lease} takes no request. */
    public boolean isMade(final PathFid path) {
        return paths.isMade(path, user);
    }

    /**
     * Takes the fid off a path if the path is {@code name} in {@code directory}, and no request uses the fid. The
     * caller then owns the fid. The next {@link #lease} makes another one.
     */
    public OptionalInt take(final PathFid path, final PathFid directory, final ByteString name) {
        return paths.take(path, user, directory, name);
    }

    /**
     * Sets the path to {@code name} in {@code directory}, after a rename of the file or to use another of its hard
     * links.
     */
    public void setPath(final PathFid path, final PathFid directory, final ByteString name) {
        paths.moved(path, directory, name);
    }

    /** Retires a path that no longer exists or is no longer needed. Clunks its fids; no fid is made for it any more. */
    public void retire(final PathFid path) {
        paths.retire(path);
    }

    /** Returns whether a path is retired, so that no fid is made for it any more. */
    public boolean isRetired(final PathFid path) {
        return paths.isRetired(path);
    }

    /** Returns whether a path is {@code name} in {@code directory}. */
    public boolean isAt(final PathFid path, final PathFid directory, final ByteString name) {
        return paths.isAt(path, directory, name);
    }

    /**
     * Clunks the fids of all paths without waiting for the answers, at the end of the session. Waits for tags at most
     * until {@code deadline}, a {@link System#nanoTime}.
     */
    public void clunkAll(final long deadline) {
        paths.clunkAll(deadline);
    }
}
