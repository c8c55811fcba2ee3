package dev.ninepin.session;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rmessage;
import dev.ninepin.p9.Rwalk;
import dev.ninepin.p9.Twalk;
import dev.ninepin.session.PathFid.LiveFid;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
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
 * <p>Any thread may call any method. One lock, the table's own, guards every {@link PathFid} and {@link LiveFid}; no
 * request is ever sent under it, since the reply reader takes it.
 */
public final class FidTable {
    /** How often something is tried that fails because directories are moved meanwhile. */
    private static final int MOST_TRIES = 10;

    private final Session session;
    private final int max;
    private final FidNumbers numbers = new FidNumbers();

    /** Paths with a fid, in the order in which they are next looked at for one to clunk; the root is not among them. */
    @GuardedBy("this")
    private final ArrayDeque<PathFid> clock = new ArrayDeque<>();

    /** Counts the directories that were moved. */
    @GuardedBy("this")
    private long moves;

    /** Fids that may be there or not, until their requests are over. */
    @GuardedBy("this")
    private final List<Doubtful> doubtful = new ArrayList<>(0);

    /** Those who are just moving a directory. */
    @GuardedBy("this")
    private final List<Thread> movers = new ArrayList<>();

    @GuardedBy("this")
    private @Nullable PathFid root;

    FidTable(final Session session, final int max) {
        this.session = session;
        this.max = max;
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

    /** A directory is being moved, until this is closed: it may be at its old path or at its new one. */
    public final class Move implements AutoCloseable {
        private Move() {}

        @Override
        public void close() {
            endMove();
        }
    }

    /** What may fail only because a directory is being moved. */
    @FunctionalInterface
    public interface Attempt<T> {
        T run() throws IOException;
    }

    /**
     * A fid that was walked to.
     *
     * @param fid its number; the caller's
     * @param qid the file
     * @param moves how many directories had been moved before the walk began
     */
    public record Walked(int fid, Qid qid, long moves) {}

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
        return numbers.used();
    }

    /** How many fids on paths are kept at most, but for those in use right now. */
    public int max() {
        return max;
    }

    /** A number for a fid that the caller will make, and then owns; for {@link #clunk} or {@link #giveBack}. */
    public int take() {
        clunkWhatIsOver();
        return numbers.take();
    }

    /** The fid was never made. */
    public void giveBack(final int fid) {
        numbers.giveBack(fid);
    }

    /** Clunks a fid that the caller owns, without waiting for the answer. */
    public void clunk(final int fid) {
        final CompletableFuture<?> unused = clunked(session.clunk(fid), fid);
    }

    /** The number is free with the answer: Tclunk ends a fid even if it fails. Without one the fid may still be there. */
    private CompletableFuture<?> clunked(final Call<?> clunk, final int fid) {
        return clunk.future().whenComplete((reply, failure) -> {
            if (failure == null || failure instanceof RemoteException) {
                numbers.giveBack(fid);
            }
        });
    }

    /** Removes the file of a fid that the caller owns; the fid is gone afterwards, even if the file is not. */
    public void remove(final int fid) throws IOException {
        final Call<Rmessage> call = session.remove(fid);
        try {
            call.await();
            numbers.giveBack(fid);
        } catch (final RemoteException e) {
            numbers.giveBack(fid);
            throw e;
        } catch (final IOException e) {
            clunkAfter(call, fid);
            throw e;
        }
    }

    /**
     * Ends a fid that may be there or not, because a request that makes or ends it was given up: as soon as it is known
     * that the server is no more at that request. Until then the number is not free.
     */
    private void clunkAfter(final Call<?> givenUp, final int fid) {
        synchronized (this) {
            doubtful.add(new Doubtful(givenUp, fid));
        }
        clunkWhatIsOver();
    }

    /** Not done by the reply reader, which learns of the end first, but must not send. */
    private void clunkWhatIsOver() {
        final List<Integer> fids = new ArrayList<>(0);
        synchronized (this) {
            for (final Iterator<Doubtful> each = doubtful.iterator(); each.hasNext(); ) {
                final Doubtful next = each.next();
                if (next.givenUp().isOver()) {
                    each.remove();
                    fids.add(next.fid());
                }
            }
        }
        fids.forEach(this::clunk);
    }

    /**
     * Walks from a path over {@code name} to a fid of the caller's own.
     *
     * @throws RemoteException if there is no such name, among others
     */
    public Walked walk(final PathFid directory, final ByteString name) throws IOException {
        return steadily(() -> {
            final long before = moves();
            try (Lease from = use(directory)) {
                return walk(from.fid(), List.of(name), before);
            }
        });
    }

    /** Says that this thread is about to move a directory; to be closed after {@link #moved}. */
    public synchronized Move beginMove() {
        movers.add(Thread.currentThread());
        return new Move();
    }

    private synchronized void endMove() {
        movers.remove(Thread.currentThread());
        notifyAll();
    }

    /**
     * Tries what finds nothing (a {@link StaleFileException}, or ENOENT) again if a directory was moved meanwhile: so
     * nobody sees the moment at which a directory is at its new path on the server, and here still at its old one.
     */
    public <T> T steadily(final Attempt<T> attempt) throws IOException {
        for (int tries = 1; ; tries++) {
            final long before = moves();
            try {
                return attempt.run();
            } catch (final StaleFileException | RemoteException e) {
                final boolean nothing =
                        !(e instanceof RemoteException refusal) || refusal.errno() == RemoteException.ENOENT;
                if (!nothing || tries == MOST_TRIES || !movedSince(before)) {
                    throw e;
                }
            }
        }
    }

    private synchronized long moves() {
        return moves;
    }

    /** Whether a directory was moved since; waits for one that just is, unless by this thread. */
    private synchronized boolean movedSince(final long before) {
        final boolean moving = !movers.isEmpty();
        if (movers.contains(Thread.currentThread())) {
            return false;
        }
        try {
            while (!movers.isEmpty() && moves == before) {
                wait();
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        return moving || moves != before;
    }

    /** A fid of the caller's own on a path, to be opened, or used up by Tlcreate. */
    public int copy(final PathFid path) throws IOException {
        try (Lease from = use(path)) {
            final int fid = take();
            walkOrGiveBack(from.fid(), fid, List.of());
            return fid;
        }
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

    /** The fid of a path, made again if it has none; the lease is to be closed soon. */
    public Lease use(final PathFid path) throws IOException {
        return steadily(() -> useNow(path));
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
                    return walkAgain(path);
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
            }
            if (path.qid().isDirectory()) {
                moves++;
                path.movedAt = moves;
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
        clunkWhatIsOver();
        final List<Integer> all = new ArrayList<>();
        synchronized (this) {
            clock.forEach(path -> drop(path).addTo(all));
            clock.clear();
            if (root != null && root.live != null) {
                root.retired = true;
                drop(root).addTo(all);
            }
        }
        for (final int fid : all) {
            final CompletableFuture<?> unused = clunked(session.clunk(fid, deadline - System.nanoTime()), fid);
        }
    }

    private Walked walk(final int from, final List<ByteString> names, final long before) throws IOException {
        final int fid = take();
        final Rwalk reply = walkOrGiveBack(from, fid, names);
        return new Walked(fid, reply.qids().get(names.size() - 1), before);
    }

    /** Walks to {@code newfid}, whose number goes back if that fails. */
    private Rwalk walkOrGiveBack(final int from, final int newfid, final List<ByteString> names) throws IOException {
        final Call<Rwalk> call = session.walk(from, newfid, names);
        final Rwalk reply;
        try {
            reply = call.await();
        } catch (final RemoteException e) {
            numbers.giveBack(newfid);
            throw e;
        } catch (final IOException e) {
            clunkAfter(call, newfid);
            throw e;
        }
        if (reply.qids().size() < names.size()) {
            // Such a walk is to make no fid, but with diod there is one (libnpfs/fcall.c, np_walk).
            clunk(newfid);
            throw new RemoteException("Twalk", RemoteException.ENOENT);
        }
        return reply;
    }

    /** Makes the fid of a path that has none. It is pinned at once: else the table could take it away again first. */
    private Lease walkAgain(final PathFid path) throws IOException {
        final List<ByteString> names = new ArrayList<>();
        final Lease ancestor;
        final long start;
        synchronized (this) {
            PathFid above = path;
            do {
                names.add(above.name);
                above = above.parent;
                if (above == null || above.retired) {
                    throw new StaleFileException(path.name + " has no path any more");
                }
            } while (above.live == null || !isCurrent(above));
            ancestor = pin(above.live);
            start = moves;
        }
        Collections.reverse(names);
        final Walked walked;
        try (ancestor) {
            walked = walkFar(ancestor.fid(), names, start);
        }
        if (!walked.qid().isSameFile(path.qid())) {
            clunk(walked.fid());
            throw new StaleFileException(path.name + " is another file now");
        }
        final LiveFid live = new LiveFid(walked.fid());
        final Lease lease;
        final List<Integer> surplus;
        synchronized (this) {
            lease = pin(live);
            if (path.retired) {
                live.dropped = true;
                surplus = List.of();
            } else {
                path.live = live;
                path.walkedAt = start;
                surplus = enter(path);
            }
        }
        surplus.forEach(this::clunk);
        return lease;
    }

    /** Walks over any number of names, as many at a time as one Twalk takes. */
    private Walked walkFar(final int from, final List<ByteString> names, final long before) throws IOException {
        try {
            int done = inOneWalk(names);
            Walked walked = walk(from, names.subList(0, done), before);
            while (done < names.size()) {
                final List<ByteString> rest = names.subList(done, names.size());
                final int next = inOneWalk(rest);
                final int halfway = walked.fid();
                try {
                    walked = walk(halfway, rest.subList(0, next), before);
                } finally {
                    clunk(halfway);
                }
                done += next;
            }
            return walked;
        } catch (final RemoteException e) {
            if (e.errno() == RemoteException.ENOENT || e.errno() == RemoteException.ENOTDIR) {
                throw new StaleFileException(names.get(names.size() - 1) + " is no longer where it was");
            }
            throw e;
        }
    }

    /** How many of the names, from the first on, one Twalk takes; where msize is small, long ones fill it. */
    private int inOneWalk(final List<ByteString> names) {
        int count = 0;
        int room = session.msize() - Frame.sizeOf(new Twalk(0, 0, List.of()));
        while (count < Math.min(names.size(), Twalk.MAX_NAMES)) {
            room -= Short.BYTES + names.get(count).length();
            if (room < 0) {
                break;
            }
            count++;
        }
        return Math.max(count, 1);
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
        if (path.walkedAt < moves) {
            for (PathFid above = path.parent; above != null; above = above.parent) {
                if (above.movedAt > path.walkedAt) {
                    return false;
                }
            }
            path.walkedAt = moves;
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

    /** A fid, and the request that makes or ends it, which was given up. */
    private record Doubtful(Call<?> givenUp, int fid) {}

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
