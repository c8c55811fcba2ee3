package dev.ninepin.session;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.session.FidTable.Lease;
import dev.ninepin.session.FidTable.Walked;
import dev.ninepin.session.PathFid.LiveFid;
import dev.ninepin.session.PathFid.UserFid;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The fids on paths of all users of a session, and how they are made: what {@link FidTable} tells of. The fid of a user on
 * the root is that of his attach; it is clunked like any other when it was not used lately, and he is attached again
 * when he comes back.
 *
 * <p>Any thread may call any method. One lock guards every {@link PathFid}, {@link UserFid} and {@link LiveFid}, and
 * the count of {@link DirectoryMoves}. Only that of {@link FidNumbers} is taken under it, and no request is ever sent, since
 * the reply reader takes it.
 */
final class PathFids {
    /**
     * The most bytes of a path, each name counted with a slash before it. QEMU keeps a path with a dot before it, a NUL behind
     * it, and its size in 16 bits ({@code fsdev/file-op-9p.h}, V9fsPath): one of 65,534 bytes kills QEMU 7.2, and longer ones
     * lead nowhere. Other servers stop at PATH_MAX, and say so.
     */
    private static final int LONGEST_PATH = 65_533;

    /** Of a directory: each name of NAME_MAX has room below it, the one of a file that is put aside, too. */
    private static final int LONGEST_PATH_OF_DIRECTORY = LONGEST_PATH - 1 - 255;

    /** How many fids are clunked at once where the server takes no more. */
    private static final int ROOM = 100;

    private final OwnFids own;
    private final int owner;
    private final int max;
    private final DirectoryMoves moves = new DirectoryMoves();

    /** Fids on paths, in the order in which they are next looked at for one to clunk; the session's root is not among them. */
    @GuardedBy("this")
    private final ArrayDeque<UserFid> clock = new ArrayDeque<>();

    @GuardedBy("this")
    private @Nullable PathFid root;

    /** @param owner the user that the session itself is attached as */
    PathFids(final OwnFids own, final int owner, final int max) {
        this.own = own;
        this.owner = owner;
        this.max = max;
    }

    /** The user that the session itself is attached as. */
    int owner() {
        return owner;
    }

    int max() {
        return max;
    }

    DirectoryMoves moves() {
        return moves;
    }

    synchronized void setRoot(final int fid, final Qid qid) {
        root = new PathFid(null, ByteString.EMPTY, qid, owner);
        root.of(owner).live = new LiveFid(fid);
    }

    synchronized PathFid root() {
        if (root == null) {
            throw new IllegalStateException("the session is not attached yet");
        }
        return root;
    }

    /**
     * Whether {@code name} in {@code directory} may be a directory: then whatever is in it can be reached, and removed.
     *
     * @param below bytes of the longest path from there to a directory below it
     */
    synchronized boolean hasRoom(final PathFid directory, final ByteString name, final int below) {
        return length(directory) + 1 + name.length() + below <= LONGEST_PATH_OF_DIRECTORY;
    }

    @GuardedBy("this")
    private int length(final PathFid path) {
        // The root has an empty name, and no slash before it.
        int length = -1;
        for (PathFid above = path; above != null; above = above.parent) {
            length += 1 + above.name.length();
        }
        return length;
    }

    /**
     * Makes what was walked to a path's fid of the user who walked, unless he has one that is good, or the file was renamed
     * since: then the fid may be on the old path, where another file can come to be.
     */
    void give(final PathFid path, final PathFid directory, final ByteString name, final Walked walked) {
        final List<Integer> surplus = new ArrayList<>();
        synchronized (this) {
            UserFid place = path.of(walked.user());
            if (place.live != null && !isCurrent(place)) {
                drop(place, surplus);
                place = path.of(walked.user());
            }
            if (path.retired || place.live != null || !path.isAt(directory, name)) {
                path.forgetUnused(place);
                surplus.add(walked.fid());
            } else {
                place.live = new LiveFid(walked.fid());
                place.walkedAt = walked.moves();
                enter(place, surplus);
            }
        }
        surplus.forEach(own::clunk);
    }

    /** The fid of a user on a path, made again if there is none. */
    Lease use(final PathFid path, final int user) throws IOException {
        while (true) {
            final CompletableFuture<Void> mine = new CompletableFuture<>();
            final CompletableFuture<Void> others;
            final List<Integer> stale = new ArrayList<>(0);
            final UserFid place;
            synchronized (this) {
                if (path.retired) {
                    throw new StaleFileException(path.name + " has no path any more");
                }
                final UserFid known = path.of(user);
                if (known.live != null && !isCurrent(known)) {
                    drop(known, stale);
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
            stale.forEach(own::clunk);
            if (others != null) {
                others.join();
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

    void moved(final PathFid path, final PathFid directory, final ByteString name) {
        final List<Integer> stale;
        synchronized (this) {
            // A directory inside itself is a lie, or two directories with one number: nothing can be walked there.
            path.retired |= isWithin(directory, path);
            if (!path.retired) {
                path.parent = directory;
                path.name = name;
                path.renames++;
            }
            if (path.qid().isDirectory()) {
                path.movedAt = moves.done();
            }
            stale = dropAll(path);
        }
        stale.forEach(own::clunk);
    }

    void retire(final PathFid path) {
        final List<Integer> stale;
        synchronized (this) {
            path.retired = true;
            stale = dropAll(path);
        }
        stale.forEach(own::clunk);
    }

    synchronized boolean isRetired(final PathFid path) {
        return path.retired;
    }

    synchronized boolean isAt(final PathFid path, final PathFid directory, final ByteString name) {
        return path.isAt(directory, name);
    }

    /** Clunks some fids that nobody uses right now, those not used lately first, without waiting. Whether there were any. */
    boolean makeRoom() {
        final List<Integer> surplus = new ArrayList<>();
        synchronized (this) {
            for (int looks = 2 * clock.size(); surplus.size() < ROOM && !clock.isEmpty() && looks > 0; looks--) {
                lookAtNext(surplus);
            }
        }
        surplus.forEach(own::clunk);
        return !surplus.isEmpty();
    }

    void clunkAll(final long deadline) {
        final List<Integer> all = new ArrayList<>();
        synchronized (this) {
            clock.forEach(place -> drop(place, all));
            clock.clear();
            if (root != null) {
                root.retired = true;
                all.addAll(dropAll(root));
            }
        }
        own.clunkAll(all, deadline);
    }

    /**
     * Makes the fid of a user on a path. It is pinned at once: else the table could take it away again first. Empty if the
     * file was renamed meanwhile: whether the fid goes along is up to the server.
     */
    private Optional<Lease> makeAgain(final UserFid place) throws IOException {
        final PathFid path = place.path;
        final long renames;
        final OwnFids.Start start;
        synchronized (this) {
            renames = path.renames;
            start = new OwnFids.Start(place.user, moves.count());
        }
        final Walked walked = path.isRoot() ? own.attach(start) : walkAgain(place, start);
        if (!walked.qid().isSameFile(path.qid())) {
            own.clunk(walked.fid());
            throw new StaleFileException(path.name + " is another file now");
        }
        final LiveFid live = new LiveFid(walked.fid());
        final Optional<Lease> lease;
        final List<Integer> surplus = new ArrayList<>();
        synchronized (this) {
            if (path.renames != renames) {
                lease = Optional.empty();
                surplus.add(walked.fid());
            } else if (path.retired) {
                lease = Optional.of(pin(live));
                live.dropped = true;
            } else {
                lease = Optional.of(pin(live));
                if (place.live != null) {
                    // Somebody was quicker, who has given it what he had walked to.
                    drop(place, surplus);
                }
                place.live = live;
                place.walkedAt = walked.moves();
                enter(place, surplus);
            }
        }
        surplus.forEach(own::clunk);
        return lease;
    }

    /** Walks from the nearest directory above that the user has a fid on; if he has none, he has to be attached first. */
    private Walked walkAgain(final UserFid place, final OwnFids.Start start) throws IOException {
        final List<ByteString> names = new ArrayList<>();
        final PathFid top;
        Lease ancestor = null;
        synchronized (this) {
            final boolean isDirectory = place.path.qid().isDirectory();
            if (length(place.path) > (isDirectory ? LONGEST_PATH_OF_DIRECTORY : LONGEST_PATH)) {
                // A directory above has moved.
                throw new RemoteException("Twalk", RemoteException.ENAMETOOLONG);
            }
            PathFid above = place.path;
            LiveFid live;
            do {
                names.add(above.name);
                above = above.parent;
                if (above == null || above.retired) {
                    throw new StaleFileException(place.path.name + " has no path any more");
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
            return own.walkFar(from.fid(), names, start);
        }
    }

    /** The fid of a user on a path; null if there is none that leads there. */
    @GuardedBy("this")
    private @Nullable LiveFid goodFid(final PathFid path, final int user) {
        final UserFid place = path.known(user);
        return place != null && place.live != null && isCurrent(place) ? place.live : null;
    }

    @GuardedBy("this")
    private Lease pin(final LiveFid live) {
        live.pins++;
        return new Pinned(live);
    }

    @GuardedBy("this")
    private boolean isWithin(final PathFid inner, final PathFid outer) {
        for (PathFid above = inner; above != null; above = above.parent) {
            if (above == outer) {
                return true;
            }
        }
        return false;
    }

    /** Whether no directory above was moved since the fid was made. */
    @GuardedBy("this")
    private boolean isCurrent(final UserFid place) {
        final long now = moves.count();
        if (place.walkedAt < now) {
            for (PathFid above = place.path.parent; above != null; above = above.parent) {
                if (above.movedAt > place.walkedAt) {
                    return false;
                }
            }
            place.walkedAt = now;
        }
        return true;
    }

    @GuardedBy("this")
    private List<Integer> dropAll(final PathFid path) {
        final List<Integer> dropped = new ArrayList<>(1);
        path.all().forEach(place -> drop(place, dropped));
        return dropped;
    }

    /** Takes a user's fid from its path. The caller clunks what is added to {@code surplus}, after it has given the lock back. */
    @GuardedBy("this")
    private void drop(final UserFid place, final List<Integer> surplus) {
        final LiveFid live = place.live;
        if (live == null) {
            return;
        }
        place.live = null;
        place.path.forgetUnused(place);
        live.dropped = true;
        if (live.pins == 0) {
            surplus.add(live.number);
        }
    }

    private void unpin(final LiveFid live) {
        final boolean last;
        synchronized (this) {
            live.pins--;
            last = live.dropped && live.pins == 0;
        }
        if (last) {
            own.clunk(live.number);
        }
    }

    /** Puts a fid that was just made into the table, and takes out what is then too many; the caller clunks it. */
    @GuardedBy("this")
    private void enter(final UserFid place, final List<Integer> surplus) {
        place.recentlyUsed = true;
        if (!place.inClock) {
            place.inClock = true;
            clock.addLast(place);
        }
        for (int looks = 2 * clock.size(); clock.size() > max && looks > 0; looks--) {
            lookAtNext(surplus);
        }
    }

    /** Takes the next fid in turn out of the table, unless it is used or was lately; the caller clunks it. */
    @GuardedBy("this")
    private void lookAtNext(final List<Integer> surplus) {
        final UserFid candidate = clock.removeFirst();
        candidate.inClock = false;
        if (candidate.live == null) {
            return;
        }
        if (candidate.live.pins > 0 || candidate.recentlyUsed) {
            candidate.recentlyUsed = false;
            candidate.inClock = true;
            clock.addLast(candidate);
        } else {
            drop(candidate, surplus);
        }
    }

    private final class Pinned implements Lease {
        private final LiveFid live;

        Pinned(final LiveFid live) {
            this.live = live;
        }

        @Override
        public int fid() {
            return live.number;
        }

        @Override
        public void close() {
            unpin(live);
        }
    }
}
