package dev.ninepin.session.fid;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.FidTable.Lease;
import dev.ninepin.session.fid.FidTable.Walked;
import dev.ninepin.session.fid.PathFid.LiveFid;
import dev.ninepin.session.fid.PathFid.UserFid;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The path fids of all users of a session, and how they are made; the implementation behind {@link FidTable}. A user's
 * fid on the root is the fid of this user's attach. It is clunked like any other fid when it was not used recently; the
 * user is attached again at the next use.
 *
 * <p>Any thread may call any method. One lock guards every {@link PathFid}, {@link UserFid} and {@link LiveFid}, and
 * the count of {@link DirectoryMoves}. Under it, only the lock of {@link FidNumbers} is taken. No request is ever sent
 * under it, because the reply reader takes it.
 */
final class PathFids {
    /**
     * The longest path in bytes, counting a slash before each name. QEMU stores a path with a leading dot, a trailing
     * NUL and a 16-bit size ({@code fsdev/file-op-9p.h}, V9fsPath). A path of 65,534 bytes crashes QEMU 7.2; longer
     * ones do not resolve. Other servers stop at PATH_MAX and answer with an error.
     */
    private static final int LONGEST_PATH = 65_533;

    /**
     * The longest path of a directory, in bytes. It leaves room for any name of NAME_MAX bytes below the directory,
     * including the temporary name of a silly rename.
     */
    private static final int LONGEST_PATH_OF_DIRECTORY = LONGEST_PATH - 1 - 255;

    /** How many fids are clunked at once when the server takes no more. */
    private static final int ROOM = 100;

    private static final Logger LOG = LoggerFactory.getLogger(PathFids.class);

    private final OwnFids own;
    private final Walks walks;
    private final int owner;
    private final DirectoryMoves moves = new DirectoryMoves();

    /** All path fids except that of the session's user on the root. */
    @GuardedBy("this")
    private final FidClock clock;

    /** The copies of these fids, which count towards the limit too. */
    @GuardedBy("this")
    private final CopiesAhead copies;

    @GuardedBy("this")
    private @Nullable PathFid root;

    /** @param owner the user that the session itself is attached as */
    PathFids(final OwnFids own, final Walks walks, final int owner, final int max) {
        this.own = own;
        this.walks = walks;
        this.owner = owner;
        this.copies = new CopiesAhead(max);
        this.clock = new FidClock(copies, max - copies.max());
    }

    /** Returns the user that the session itself is attached as. */
    int owner() {
        return owner;
    }

    DirectoryMoves moves() {
        return moves;
    }

    /** Sets the root and the fid of the session's own attach on it. */
    synchronized void setRoot(final int fid, final Qid qid) {
        root = new PathFid(null, ByteString.EMPTY, qid, owner);
        root.of(owner).live = new LiveFid(fid);
    }

    /**
     * Begins the fids of a new connection, on which the session's user has attached with the fid 0. Drops all earlier
     * fids and their copies, which are lost.
     */
    void beginConnection() {
        final Surplus lost = new Surplus();
        synchronized (this) {
            final int fid = own.beginConnection();
            clock.dropAll(lost);
            final UserFid place = root().of(owner);
            place.drop(copies, lost);
            place.live = new LiveFid(fid);
            place.walkedAt = moves.count();
        }
        lost.clunk(own, walks);
    }

    /**
     * Returns the root.
     *
     * @throws IllegalStateException if the session is not attached yet
     */
    synchronized PathFid root() {
        if (root == null) {
            throw new IllegalStateException("the session is not attached yet");
        }
        return root;
    }

    /**
     * Returns whether {@code name} in {@code directory} may be a directory, so that each file in it can be reached and
     * removed.
     *
     * @param below length in bytes of the longest path from this directory to a directory below it
     */
    synchronized boolean hasRoom(final PathFid directory, final ByteString name, final int below) {
        return directory.length() + 1 + name.length() + below <= LONGEST_PATH_OF_DIRECTORY;
    }

    /**
     * Stores the walked fid as the fid of its user on the path. Clunks it instead if the user already has a current
     * fid, or if the file was renamed since. After a rename the fid may still be on the old path, where another file
     * may appear.
     */
    void give(final PathFid path, final PathFid directory, final ByteString name, final Walked walked) {
        final Surplus surplus = new Surplus();
        synchronized (this) {
            UserFid place = path.of(walked.user());
            if (place.live != null && !place.isCurrent(moves.count())) {
                place.drop(copies, surplus);
                place = path.of(walked.user());
            }
            if (path.retired || place.live != null || !path.isAt(directory, name) || own.isLost(walked.fid())) {
                path.forgetUnused(place);
                surplus.add(walked.fid());
            } else {
                place.live = new LiveFid(walked.fid());
                place.walkedAt = walked.moves();
                clock.enter(place, surplus);
            }
        }
        surplus.clunk(own, walks);
    }

    /**
     * Returns a pinned fid of the user on the path, and makes it if there is none. Blocks while it, or another thread,
     * walks.
     */
    Lease use(final PathFid path, final int user) throws IOException {
        while (true) {
            final CompletableFuture<Void> mine = new CompletableFuture<>();
            final CompletableFuture<Void> others;
            final Surplus stale = new Surplus();
            final UserFid place;
            synchronized (this) {
                if (path.retired) {
                    throw new StaleFileException(path.name + " was removed or is no longer reachable");
                }
                final UserFid known = path.of(user);
                if (known.live != null && !known.isCurrent(moves.count())) {
                    known.drop(copies, stale);
                }
                place = path.of(user);
                if (place.live != null) {
                    place.recentlyUsed = true;
                    return pin(place.live);
                }
                others = place.walking;
                if (others == null) {
                    place.walking = mine;
                }
            }
            stale.clunk(own, walks);
            if (others != null) {
                await(others);
            } else {
                try {
                    final Optional<Lease> lease = makeAgain(place);
                    if (lease.isPresent()) {
                        return lease.get();
                    }
                } finally {
                    synchronized (this) {
                        place.walking = null;
                        path.forgetUnused(place);
                    }
                    mine.complete(null);
                }
            }
        }
    }

    /** Blocks until another thread's walk has ended. */
    private static void await(final CompletableFuture<Void> walk) throws InterruptedIOException {
        try {
            walk.get();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while another thread walked to the file");
        } catch (final ExecutionException e) {
            throw new IllegalStateException("a walk always ends without a result", e);
        }
    }

    /** Returns a pinned fid of the user on the path; empty if there is none. */
    synchronized Optional<Lease> useIfMade(final PathFid path, final int user) {
        final UserFid known = path.known(user);
        final LiveFid live = path.retired ? null : goodFid(path, user);
        if (known == null || live == null) {
            return Optional.empty();
        }
        known.recentlyUsed = true;
        return Optional.of(pin(live));
    }

    /**
     * Takes the user's fid off the path if no request uses the fid, and the path is {@code name} in {@code directory}.
     * The caller then owns the fid.
     */
    OptionalInt take(final PathFid path, final int user, final PathFid directory, final ByteString name) {
        final Surplus surplus = new Surplus();
        final LiveFid live;
        synchronized (this) {
            final UserFid place = path.known(user);
            live = path.retired || !path.isAt(directory, name) ? null : goodFid(path, user);
            if (place == null || live == null || !live.isUnused()) {
                return OptionalInt.empty();
            }
            place.take(live, copies, surplus);
        }
        surplus.clunk(own, walks);
        return OptionalInt.of(live.number);
    }

    /** Returns whether the user has a fid on the path. */
    synchronized boolean isMade(final PathFid path, final int user) {
        return !path.retired && goodFid(path, user) != null;
    }

    /**
     * Makes a second fid on the path of a lease: takes the copy that was walked ahead, if there is one. The caller owns
     * the fid.
     */
    int copyToOpen(final Lease lease) throws IOException {
        final LiveFid original = ((Pinned) lease).live;
        final CopyAhead ahead;
        synchronized (this) {
            original.opens++;
            ahead = copies.take(original);
        }
        if (ahead != null) {
            final boolean wasAnswered = ahead.isAnswered();
            try {
                return walks.await(ahead);
            } catch (final IOException e) {
                // The request may have failed earlier because another thread was interrupted.
                if (!wasAnswered && !(e instanceof RemoteException)) {
                    throw e;
                }
                // The walk below shows why, or makes a fid with a number that the server accepts.
                LOG.trace("no copy of fid {} ahead", original.number, e);
            }
        }
        return walks.copy(original.number);
    }

    /**
     * Begins to walk the copy that the next {@link #copyToOpen} takes, if the path was opened more than once. Does not
     * wait for the reply.
     */
    void copyAhead(final Lease lease) {
        final LiveFid original = ((Pinned) lease).live;
        synchronized (this) {
            if (!copies.isWanted(original)) {
                return;
            }
            original.beginsCopy = true;
        }
        final CopyAhead begun = walks.beginCopy(original.number).orElse(null);
        final Surplus surplus = new Surplus();
        synchronized (this) {
            original.beginsCopy = false;
            if (begun != null) {
                copies.add(original, begun, surplus);
            }
        }
        surplus.clunk(own, walks);
    }

    /** Returns how many copies were made ahead and are still unused. */
    synchronized int ahead() {
        return copies.count();
    }

    /** Gives a path a new parent and name, and clunks its fids. Counts the rename if the file is a directory. */
    void moved(final PathFid path, final PathFid directory, final ByteString name) {
        final Surplus stale = new Surplus();
        synchronized (this) {
            // A directory inside itself: the server lies, or two directories share one number. No walk can lead to it.
            path.retired |= directory.isWithin(path);
            if (!path.retired) {
                path.rename(directory, name);
            }
            if (path.qid().isDirectory()) {
                path.movedAt = moves.countRename();
            }
            dropAll(path, stale);
        }
        stale.clunk(own, walks);
    }

    /** Clunks the fids of a path, for which no fid is made any more. */
    void retire(final PathFid path) {
        final Surplus stale = new Surplus();
        synchronized (this) {
            path.retired = true;
            dropAll(path, stale);
        }
        stale.clunk(own, walks);
    }

    synchronized boolean isRetired(final PathFid path) {
        return path.retired;
    }

    synchronized boolean isAt(final PathFid path, final PathFid directory, final ByteString name) {
        return path.isAt(directory, name);
    }

    /**
     * Clunks some unused fids: all copies, or else the least recently used path fids. Does not wait for the answers.
     * Returns whether there were any.
     */
    boolean makeRoom() {
        final Surplus surplus = new Surplus();
        synchronized (this) {
            copies.dropAll(surplus);
            if (surplus.isEmpty()) {
                clock.evict(ROOM, surplus);
            }
        }
        surplus.clunk(own, walks);
        return !surplus.isEmpty();
    }

    /**
     * Clunks all path fids at the end of the session. Waits for tags at most until {@code deadline}, a {@link
     * System#nanoTime}.
     */
    void clunkAll(final long deadline) {
        final Surplus all = new Surplus();
        synchronized (this) {
            clock.dropAll(all);
            if (root != null) {
                root.retired = true;
                dropAll(root, all);
            }
        }
        all.clunk(own, walks, deadline);
    }

    /**
     * Makes the fid of a user on a path and pins it at once, so that the table cannot evict it first. Empty if the file
     * was renamed meanwhile, because servers differ in whether the fid follows the rename, or if the connection ended.
     */
    private Optional<Lease> makeAgain(final UserFid place) throws IOException {
        final PathFid path = place.path;
        final long renames;
        final Walks.Start start;
        synchronized (this) {
            renames = path.renames();
            start = new Walks.Start(place.user, moves.count());
        }
        final Walked walked = path.isRoot() ? walks.attach(start) : walkAgain(place, start);
        if (!walked.qid().isSameFile(path.qid())) {
            own.clunk(walked.fid());
            throw new StaleFileException("the path of " + path.name + " leads to another file now");
        }
        final LiveFid live = new LiveFid(walked.fid());
        final Optional<Lease> lease;
        final Surplus surplus = new Surplus();
        synchronized (this) {
            if (path.renames() != renames || own.isLost(walked.fid())) {
                lease = Optional.empty();
                surplus.add(walked.fid());
            } else if (path.retired) {
                lease = Optional.of(pin(live, true));
                live.dropped = true;
            } else {
                lease = Optional.of(pin(live, true));
                if (place.live != null) {
                    // Another thread has meanwhile stored a fid that it had walked to.
                    place.drop(copies, surplus);
                }
                place.live = live;
                place.walkedAt = walked.moves();
                clock.enter(place, surplus);
            }
        }
        surplus.clunk(own, walks);
        return lease;
    }

    /**
     * Walks from the nearest directory above on which the user has a fid. If there is none, attaches the user first.
     */
    private Walked walkAgain(final UserFid place, final Walks.Start start) throws IOException {
        final List<ByteString> names = new ArrayList<>();
        final PathFid top;
        Lease ancestor = null;
        synchronized (this) {
            final boolean isDirectory = place.path.qid().isDirectory();
            if (place.path.length() > (isDirectory ? LONGEST_PATH_OF_DIRECTORY : LONGEST_PATH)) {
                // A directory above was renamed, which made the path too long.
                throw new RemoteException("Twalk", RemoteException.ENAMETOOLONG);
            }
            PathFid above = place.path;
            LiveFid live;
            do {
                names.add(above.name);
                above = above.parent;
                if (above == null || above.retired) {
                    throw new StaleFileException(place.path.name + " was removed or is no longer reachable");
                }
                live = goodFid(above, place.user);
            } while (live == null && !above.isRoot());
            top = above;
            if (live != null) {
                ancestor = pin(live);
            }
        }
        Collections.reverse(names);
        try (Lease from = ancestor == null ? use(top, place.user) : ancestor) {
            return walks.walkFar(from.fid(), names, start);
        }
    }

    /** Returns the user's current fid on a path; null if there is none. */
    @GuardedBy("this")
    private @Nullable LiveFid goodFid(final PathFid path, final int user) {
        final UserFid place = path.known(user);
        return place != null && place.live != null && place.isCurrent(moves.count()) ? place.live : null;
    }

    @GuardedBy("this")
    private Lease pin(final LiveFid live) {
        return pin(live, false);
    }

    @GuardedBy("this")
    private Lease pin(final LiveFid live, final boolean isNew) {
        live.pins++;
        return new Pinned(live, isNew);
    }

    @GuardedBy("this")
    private void dropAll(final PathFid path, final Surplus surplus) {
        for (final UserFid place : path.all()) {
            place.drop(copies, surplus);
        }
    }

    private void unpin(final LiveFid live) {
        final boolean last;
        synchronized (this) {
            live.pins--;
            last = live.dropped && live.pins == 0;
        }
        if (last) {
            own.clunk(live);
        }
    }

    private final class Pinned implements Lease {
        private final LiveFid live;
        private final boolean isNew;

        Pinned(final LiveFid live, final boolean isNew) {
            this.live = live;
            this.isNew = isNew;
        }

        @Override
        public int fid() {
            return live.number;
        }

        @Override
        public boolean isNew() {
            return isNew;
        }

        @Override
        public void close() {
            unpin(live);
        }
    }
}
