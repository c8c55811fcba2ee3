package dev.ninepin.session;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.session.PathFid.LiveFid;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The fids of a session. Those on paths ({@link PathFid}) are bounded: beyond the limit, ones that were not used lately
 * are clunked, without waiting, and made again when they are next used, after a check that the path still leads to the
 * same file. Those of open files belong to whoever took them, until given to {@link #clunk}.
 *
 * <p>Servers keep a fid as a path, and differ in whether a rename takes the fids below along (QEMU does,
 * {@code hw/9pfs/9p.c}, {@code v9fs_fix_fid_paths}; diod does not). So a fid whose path has changed is made again.
 *
 * <p>Any thread may call any method. One lock, the table's own, guards every {@link PathFid} and {@link LiveFid};
 * only that of {@link DirectoryMoves} is taken under it, and no request is ever sent, since the reply reader takes it.
 */
public final class FidTable {
    private final int max;
    private final OwnFids own;
    private final DirectoryMoves moves = new DirectoryMoves();

    /** Paths with a fid, in the order in which they are next looked at for one to clunk; the root is not among them. */
    @GuardedBy("this")
    private final ArrayDeque<PathFid> clock = new ArrayDeque<>();

    @GuardedBy("this")
    private @Nullable PathFid root;

    FidTable(final Session session, final int max) {
        this.max = max;
        this.own = new OwnFids(session);
    }

    /** A fid that is ensured to be there while the lease is held. */
    public final class Lease implements AutoCloseable {
        private final LiveFid live;

        private Lease(final LiveFid live) {
            this.live = live;
        }

        /** The fid's number. */
        public int fid() {
            return live.number;
        }

        @Override
        public void close() {
            unpin(live);
        }
    }

    /**
     * A fid that was walked to.
     *
     * @param fid its number; the caller's
     * @param qid the file
     * @param moves how many directories had been moved before the walk began
     */
    public record Walked(int fid, Qid qid, long moves) {}

    /**
     * A fid on the value of an extended attribute, or on the list of them.
     *
     * @param fid its number; the caller's
     * @param size bytes that there are to read, as an unsigned number
     */
    public record Attribute(int fid, long size) {}

    synchronized void setRoot(final int fid, final Qid qid) {
        root = new PathFid(null, ByteString.EMPTY, qid);
        root.live = new LiveFid(fid);
    }

    /** The root of the tree that the session is attached to. */
    public synchronized PathFid root() {
        if (root == null) {
            throw new IllegalStateException("the session is not attached yet");
        }
        return root;
    }

    /** How many fids the server holds for us. */
    public int used() {
        return own.used();
    }

    /** How many fids on paths are kept at most, but for those in use right now. */
    public int max() {
        return max;
    }

    /** A number for a fid that the caller will make, and then owns; for {@link #clunk} or {@link #giveBack}. */
    public int take() {
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
        return moves;
    }

    /**
     * Walks from a path over {@code name} to a fid of the caller's own.
     *
     * @throws RemoteException if there is no such name, among others
     */
    public Walked walk(final PathFid directory, final ByteString name) throws IOException {
        return moves.steadily(() -> {
            final long before = moves.count();
            try (Lease from = use(directory)) {
                return own.walk(from.fid(), List.of(name), before);
            }
        });
    }

    /**
     * As {@link #walk}, over each of {@code names}, with all requests under way together. In the order of the names; empty
     * where the server refused.
     */
    public List<Optional<Walked>> walkEach(final PathFid directory, final List<ByteString> names) throws IOException {
        return moves.steadily(() -> {
            final long before = moves.count();
            try (Lease from = use(directory)) {
                return own.walkEach(from.fid(), names, before);
            }
        });
    }

    /** A fid of the caller's own on a path, to be opened, or used up by Tlcreate. */
    public int copy(final PathFid path) throws IOException {
        try (Lease from = use(path)) {
            return copy(from.fid());
        }
    }

    /** As {@link #copy(PathFid)}, where {@code from} is on the path, and stays there until this returns. */
    public int copy(final int from) throws IOException {
        final int fid = own.take();
        own.walkOrGiveBack(from, fid, List.of());
        return fid;
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
        final PathFid path = new PathFid(directory, name, walked.qid());
        final List<Integer> surplus;
        synchronized (this) {
            path.live = new LiveFid(walked.fid());
            path.walkedAt = walked.moves();
            surplus = enter(path);
        }
        surplus.forEach(this::clunk);
        return path;
    }

    /** The path of a file that was just made, {@code name} in {@code directory}; its fid is made when it is first used. */
    public PathFid unwalked(final PathFid directory, final ByteString name, final Qid qid) {
        return new PathFid(directory, name, qid);
    }

    /** The fid of a path, made again if it has none; the lease is to be closed soon. */
    public Lease use(final PathFid path) throws IOException {
        return moves.steadily(() -> useNow(path));
    }

    private Lease useNow(final PathFid path) throws IOException {
        while (true) {
            final CompletableFuture<Void> mine = new CompletableFuture<>();
            final CompletableFuture<Void> others;
            final OptionalFid stale;
            synchronized (this) {
                if (path.retired) {
                    throw new StaleFileException(path.name + " has no path any more");
                }
                stale = path.live != null && !isCurrent(path) ? drop(path) : OptionalFid.NONE;
                if (path.live != null) {
                    path.recentlyUsed = true;
                    return pin(path.live);
                }
                others = path.walking;
                if (others == null) {
                    path.walking = mine;
                }
            }
            stale.clunkIn(this);
            if (others != null) {
                others.join();
            } else {
                try {
                    final Optional<Lease> lease = walkAgain(path);
                    if (lease.isPresent()) {
                        return lease.get();
                    }
                } finally {
                    synchronized (this) {
                        path.walking = null;
                    }
                    mine.complete(null);
                }
            }
        }
    }

    /** The file was renamed, or another of its names is to be used: its path is {@code name} in {@code directory} now. */
    public void moved(final PathFid path, final PathFid directory, final ByteString name) {
        final OptionalFid stale;
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
            stale = drop(path);
        }
        stale.clunkIn(this);
    }

    /** The file has no path any more, or nobody wants it: the fid is clunked, and none is made again. */
    public void retire(final PathFid path) {
        final OptionalFid stale;
        synchronized (this) {
            path.retired = true;
            stale = drop(path);
        }
        stale.clunkIn(this);
    }

    /** Whether no fid is made for a path any more. */
    public synchronized boolean isRetired(final PathFid path) {
        return path.retired;
    }

    /** Whether a path is {@code name} in {@code directory}. */
    public synchronized boolean isAt(final PathFid path, final PathFid directory, final ByteString name) {
        return path.parent == directory && path.name.equals(name);
    }

    /** Clunks the fids of all paths, until {@code deadline}, without waiting. For the end of the session. */
    void clunkAll(final long deadline) {
        final List<Integer> all = new ArrayList<>();
        synchronized (this) {
            clock.forEach(path -> drop(path).addTo(all));
            clock.clear();
            if (root != null && root.live != null) {
                root.retired = true;
                drop(root).addTo(all);
            }
        }
        own.clunkAll(all, deadline);
    }

    /**
     * Makes the fid of a path that has none. It is pinned at once: else the table could take it away again first. Empty
     * if the file was renamed meanwhile: whether the fid goes along is up to the server.
     */
    private Optional<Lease> walkAgain(final PathFid path) throws IOException {
        final List<ByteString> names = new ArrayList<>();
        final Lease ancestor;
        final long start;
        final long renames;
        synchronized (this) {
            renames = path.renames;
            PathFid above = path;
            do {
                names.add(above.name);
                above = above.parent;
                if (above == null || above.retired) {
                    throw new StaleFileException(path.name + " has no path any more");
                }
            } while (above.live == null || !isCurrent(above));
            ancestor = pin(above.live);
            start = moves.count();
        }
        Collections.reverse(names);
        final Walked walked;
        try (ancestor) {
            walked = own.walkFar(ancestor.fid(), names, start);
        }
        if (!walked.qid().isSameFile(path.qid())) {
            clunk(walked.fid());
            throw new StaleFileException(path.name + " is another file now");
        }
        final LiveFid live = new LiveFid(walked.fid());
        final Optional<Lease> lease;
        final List<Integer> surplus;
        synchronized (this) {
            if (path.renames != renames) {
                lease = Optional.empty();
                surplus = List.of(walked.fid());
            } else if (path.retired) {
                lease = Optional.of(pin(live));
                live.dropped = true;
                surplus = List.of();
            } else {
                lease = Optional.of(pin(live));
                path.live = live;
                path.walkedAt = start;
                surplus = enter(path);
            }
        }
        surplus.forEach(this::clunk);
        return lease;
    }

    @GuardedBy("this")
    private Lease pin(final LiveFid live) {
        live.pins++;
        return new Lease(live);
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
    private boolean isCurrent(final PathFid path) {
        final long now = moves.count();
        if (path.walkedAt < now) {
            for (PathFid above = path.parent; above != null; above = above.parent) {
                if (above.movedAt > path.walkedAt) {
                    return false;
                }
            }
            path.walkedAt = now;
        }
        return true;
    }

    /** Takes the fid from its path. The caller clunks what is returned, after it has given the lock back. */
    @GuardedBy("this")
    private OptionalFid drop(final PathFid path) {
        final LiveFid live = path.live;
        if (live == null) {
            return OptionalFid.NONE;
        }
        path.live = null;
        live.dropped = true;
        return live.pins == 0 ? new OptionalFid(live) : OptionalFid.NONE;
    }

    private void unpin(final LiveFid live) {
        final boolean last;
        synchronized (this) {
            live.pins--;
            last = live.dropped && live.pins == 0;
        }
        if (last) {
            clunk(live.number);
        }
    }

    /** Puts a path that just got its fid into the table, and takes out what is then too many; the caller clunks it. */
    @GuardedBy("this")
    private List<Integer> enter(final PathFid path) {
        path.recentlyUsed = true;
        if (!path.inClock) {
            path.inClock = true;
            clock.addLast(path);
        }
        final List<Integer> surplus = new ArrayList<>();
        int looks = 2 * clock.size();
        while (clock.size() > max && looks > 0) {
            looks--;
            final PathFid candidate = clock.removeFirst();
            candidate.inClock = false;
            if (candidate.live == null) {
                continue;
            }
            if (candidate.live.pins > 0 || candidate.recentlyUsed) {
                candidate.recentlyUsed = false;
                candidate.inClock = true;
                clock.addLast(candidate);
            } else {
                drop(candidate).addTo(surplus);
            }
        }
        return surplus;
    }

    /** A fid to clunk once the lock is given back, or none. */
    private record OptionalFid(@Nullable LiveFid live) {
        private static final OptionalFid NONE = new OptionalFid(null);

        void clunkIn(final FidTable table) {
            if (live != null) {
                table.clunk(live.number);
            }
        }

        void addTo(final List<Integer> fids) {
            if (live != null) {
                fids.add(live.number);
            }
        }
    }
}
