package dev.ninepin.session;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The fids of a session, as one of its users has them. Those on paths ({@link PathFid}) are made by walking from the root
 * of an attach of that user's, so that the server checks whether he may go all the way. They are bounded, for all users
 * together: beyond the limit, ones that were not used lately are clunked, without waiting, and made again when they are
 * next used, after a check that the path still leads to the same file. Those of open files belong to whoever took them,
 * until given to {@link #clunk}.
 *
 * <p>Servers keep a fid as a path, and differ in whether a rename takes the fids below along (QEMU does,
 * {@code hw/9pfs/9p.c}, {@code v9fs_fix_fid_paths}; diod does not). So a fid whose path has changed is made again.
 *
 * <p>A request over a path finds nothing at the moment at which a directory above is moved. Nothing is tried again here:
 * the caller asks {@link #moves} whether another try may succeed.
 *
 * <p>Any thread may call any method.
 */
public final class FidTable {
    private final OwnFids own;
    final PathFids paths;
    private final int user;

    FidTable(final Session session, final int max) {
        this.own = new OwnFids(session);
        this.user = session.nUname();
        this.paths = new PathFids(own, user, max);
        own.setMakeRoom(paths::makeRoom);
    }

    private FidTable(final FidTable sessions, final int user) {
        this.own = sessions.own;
        this.paths = sessions.paths;
        this.user = user;
    }

    /** A fid that is ensured to be there while the lease is held. */
    public interface Lease extends AutoCloseable {
        /** The fid's number. */
        int fid();

        @Override
        void close();
    }

    /**
     * A fid that was walked to.
     *
     * @param fid its number; the caller's
     * @param qid the file
     * @param moves how many directories had been moved before the walk began
     * @param user whose attach it was walked from
     */
    public record Walked(int fid, Qid qid, long moves, int user) {}

    /**
     * A fid on the value of an extended attribute, or on the list of them.
     *
     * @param fid its number; the caller's
     * @param size bytes that there are to read, as an unsigned number
     */
    public record Attribute(int fid, long size) {}

    /**
     * The fids of another user of the same session, by the number that the server knows him by. He is attached when the
     * first of them is made, and again if that was clunked meanwhile; what the server says to that is the answer to what
     * was asked of the table.
     */
    public FidTable ofUser(final int nUname) {
        return nUname == user ? this : new FidTable(this, nUname);
    }

    /** The number by which the server knows the user whose fids these are. */
    public int nUname() {
        return user;
    }

    void setRoot(final int fid, final Qid qid) {
        paths.setRoot(fid, qid);
    }

    /** The root of the tree that the session is attached to. */
    public PathFid root() {
        return paths.root();
    }

    /** How many fids the server holds for us. */
    public int used() {
        return own.used();
    }

    /** How many fids on paths are kept at most, but for those in use right now. */
    public int max() {
        return paths.max();
    }

    /** A number for a fid that the caller will make, and then owns; for {@link #clunk} or {@link #giveBack}. */
    public int take() throws IOException {
        return own.take();
    }

    /** The fid was never made. */
    public void giveBack(final int fid) {
        own.giveBack(fid);
    }

    /** Clunks a fid that the caller owns, without waiting for the answer. */
    public void clunk(final int fid) {
        own.clunk(fid);
    }

    /**
     * Clunks a fid that the caller owns, and waits for the answer: a fid that Txattrcreate was sent for does its work then,
     * and only then says whether it could. The fid is gone afterwards, even if that failed.
     */
    public void clunkAndAwait(final int fid) throws IOException {
        own.clunkAndAwait(fid);
    }

    /** Removes the file of a fid that the caller owns; the fid is gone afterwards, even if the file is not. */
    public void remove(final int fid) throws IOException {
        own.remove(fid);
    }

    /** The renames of directories, which those who rename one tell of. */
    public DirectoryMoves moves() {
        return paths.moves();
    }

    /**
     * Walks from a path over {@code name} to a fid of the caller's own.
     *
     * @throws RemoteException if there is no such name, among others
     */
    public Walked walk(final PathFid directory, final ByteString name) throws IOException {
        final OwnFids.Start start = start();
        try (Lease from = use(directory)) {
            return requireRoom(directory, name, own.walk(from.fid(), List.of(name), start));
        }
    }

    /** As {@link #walk(PathFid, ByteString)}, where {@code from} is on the directory, and stays there until this returns. */
    public Walked walk(final int from, final ByteString name) throws IOException {
        return own.walk(from, List.of(name), start());
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
     * Whether {@code name} in {@code directory} may be made a directory. Where it may not, its path would be too long for a
     * server, and what is in it could not be removed any more.
     *
     * @param below bytes of the longest path from there to a directory below it, a slash before each name; 0 if there is none
     */
    public boolean hasRoom(final PathFid directory, final ByteString name, final int below) {
        return paths.hasRoom(directory, name, below);
    }

    /**
     * As {@link #walk}, over each of {@code names}, with all requests under way together. In the order of the names; empty
     * where the server refused, or takes no more fids.
     */
    public List<Optional<Walked>> walkEach(final PathFid directory, final List<ByteString> names) throws IOException {
        final OwnFids.Start start = start();
        try (Lease from = use(directory)) {
            final List<Optional<Walked>> all = own.walkEach(from.fid(), names, start);
            for (int i = 0; i < names.size(); i++) {
                all.set(i, withRoom(directory, names.get(i), all.get(i)));
            }
            return all;
        }
    }

    private Optional<Walked> withRoom(final PathFid directory, final ByteString name, final Optional<Walked> walked) {
        try {
            return walked.isPresent() ? Optional.of(requireRoom(directory, name, walked.get())) : walked;
        } catch (final RemoteException e) {
            return Optional.empty();
        }
    }

    private OwnFids.Start start() {
        return new OwnFids.Start(user, moves().count());
    }

    /** A fid of the caller's own on a path, to be opened, or used up by Tlcreate. */
    public int copy(final PathFid path) throws IOException {
        try (Lease from = use(path)) {
            return copy(from.fid());
        }
    }

    /** As {@link #copy(PathFid)}, where {@code from} is on the path, and stays there until this returns. */
    public int copy(final int from) throws IOException {
        return own.copy(from);
    }

    /**
     * A fid of the caller's own on an extended attribute of the file of {@code from}; with an empty name, on the list of
     * their names, each of which ends with a NUL.
     */
    public Attribute xattrWalk(final int from, final ByteString name) throws IOException {
        return own.xattrWalk(from, name);
    }

    /** Makes a fid that the caller walked to the one of a new path, {@code name} in {@code directory}. */
    public PathFid adopt(final PathFid directory, final ByteString name, final Walked walked) {
        final PathFid path = new PathFid(directory, name, walked.qid(), paths.owner());
        paths.give(path, directory, name, walked);
        return path;
    }

    /**
     * Makes a fid that the caller walked to the one of a path that is known already, unless that has one, or is not {@code
     * name} in {@code directory} any more.
     */
    public void give(final PathFid path, final PathFid directory, final ByteString name, final Walked walked) {
        paths.give(path, directory, name, walked);
    }

    /** The path of a file that was just made, {@code name} in {@code directory}; its fid is made when it is first used. */
    public PathFid unwalked(final PathFid directory, final ByteString name, final Qid qid) {
        return new PathFid(directory, name, qid, paths.owner());
    }

    /** The fid of a path, made again if it has none; the lease is to be closed soon. */
    public Lease use(final PathFid path) throws IOException {
        return paths.use(path, user);
    }

    /** The file was renamed, or another of its names is to be used: its path is {@code name} in {@code directory} now. */
    public void moved(final PathFid path, final PathFid directory, final ByteString name) {
        paths.moved(path, directory, name);
    }

    /** The file has no path any more, or nobody wants it: the fids are clunked, and none is made again. */
    public void retire(final PathFid path) {
        paths.retire(path);
    }

    /** Whether no fid is made for a path any more. */
    public boolean isRetired(final PathFid path) {
        return paths.isRetired(path);
    }

    /** Whether a path is {@code name} in {@code directory}. */
    public boolean isAt(final PathFid path, final PathFid directory, final ByteString name) {
        return paths.isAt(path, directory, name);
    }

    /** Clunks the fids of all paths, until {@code deadline}, without waiting. For the end of the session. */
    void clunkAll(final long deadline) {
        paths.clunkAll(deadline);
    }
}
