package dev.ninepin.session.fid;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rwalk;
import dev.ninepin.session.exchange.Call;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A file identified by its path, with the unopened fids on it, one for each user. A fid can be made again from this
 * record after it was clunked to keep the table small, or after the path changed. The lock of the {@link PathFids}
 * guards all fields; {@code @GuardedBy} cannot name the lock of another object.
 */
public final class PathFid {
    private final Qid qid;

    /** The slot for the fid of the user that the session itself is attached as. */
    private final UserFid owners;

    /** The slots of other users that have a fid or are walking to one; null until there is one. */
    private @Nullable List<UserFid> others;

    /** The parent directory; null for the root only. */
    @Nullable
    PathFid parent;

    /** The name in {@link #parent}; empty for the root. */
    ByteString name;

    /** How many times this file was given another path. Read without the lock. */
    private volatile long renames;

    /** For a directory: the value of the count of directory renames when it got its present path. */
    long movedAt;

    /** True once no fid may be made for this path any more. */
    boolean retired;

    PathFid(final @Nullable PathFid parent, final ByteString name, final Qid qid, final int owner) {
        this.parent = parent;
        this.name = name;
        this.qid = qid;
        this.owners = new UserFid(this, owner);
    }

    /** Returns whether this path is {@code wanted} in {@code directory}. The caller holds the table's lock. */
    boolean isAt(final PathFid directory, final ByteString wanted) {
        return parent == directory && name.equals(wanted);
    }

    /** Gives this path a new parent and name. The caller holds the table's lock. */
    @SuppressWarnings("NonAtomicVolatileUpdate")
    void rename(final PathFid directory, final ByteString newName) {
        parent = directory;
        name = newName;
        renames++;
    }

    /** Returns how many times this file was given another path. Takes no lock. */
    public long renames() {
        return renames;
    }

    /** Returns the file's qid. Every walk of the path must lead to this file. */
    public Qid qid() {
        return qid;
    }

    boolean isRoot() {
        return parent == null;
    }

    /** Returns the length of this path in bytes, counting a slash before each name. */
    int length() {
        // The root has an empty name and no slash before it.
        int length = -1;
        for (PathFid above = this; above != null; above = above.parent) {
            length += 1 + above.name.length();
        }
        return length;
    }

    /** Returns whether this path is {@code outer}, or leads through it. */
    boolean isWithin(final PathFid outer) {
        for (PathFid above = this; above != null; above = above.parent) {
            if (above == outer) {
                return true;
            }
        }
        return false;
    }

    /** Returns the slot for a user's fid, and adds it if there is none. */
    UserFid of(final int user) {
        final UserFid known = known(user);
        if (known != null) {
            return known;
        }
        final UserFid added = new UserFid(this, user);
        if (others == null) {
            others = new ArrayList<>(1);
        }
        others.add(added);
        return added;
    }

    /** Returns the slot for a user's fid; null if there is none. */
    @Nullable
    UserFid known(final int user) {
        if (user == owners.user) {
            return owners;
        }
        if (others != null) {
            for (final UserFid each : others) {
                if (each.user == user) {
                    return each;
                }
            }
        }
        return null;
    }

    /** Returns all slots that may hold a fid. */
    List<UserFid> all() {
        if (others == null) {
            return List.of(owners);
        }
        final List<UserFid> all = new ArrayList<>(others);
        all.add(owners);
        return all;
    }

    /** Removes a user's slot, unless it holds a fid or a thread is making one. */
    void forgetUnused(final UserFid place) {
        if (others != null && place.live == null && place.walking == null) {
            others.remove(place);
        }
    }

    /** The slot for one user's fid on a path. */
    static final class UserFid {
        final PathFid path;
        final int user;

        /** The fid; null while there is none. */
        @Nullable
        LiveFid live;

        /** Set while a thread makes the fid; completes when that thread has succeeded or failed. */
        @Nullable
        CompletableFuture<Void> walking;

        /** The count of directory renames when the fid was made or last found current. */
        long walkedAt;

        /** True if the fid was used since the clock last passed it. */
        boolean recentlyUsed;

        /** True while the slot is in the table's clock. */
        boolean inClock;

        private UserFid(final PathFid path, final int user) {
            this.path = path;
            this.user = user;
        }

        /**
         * Returns whether no directory above was renamed since the fid was made.
         *
         * @param now how many directories have been renamed so far
         */
        boolean isCurrent(final long now) {
            if (walkedAt < now) {
                for (PathFid above = path.parent; above != null; above = above.parent) {
                    if (above.movedAt > walkedAt) {
                        return false;
                    }
                }
                walkedAt = now;
            }
            return true;
        }

        /**
         * Takes the fid off its path. Adds it to {@code surplus} if it is unpinned, and its copy, which the caller clunks
         * after releasing the lock.
         */
        void drop(final CopiesAhead copies, final Surplus surplus) {
            final LiveFid dropped = live;
            if (dropped == null) {
                return;
            }
            take(dropped, copies, surplus);
            if (dropped.pins == 0) {
                surplus.add(dropped);
            }
        }

        /** Takes the fid off its path. Adds its copy to {@code surplus}, but not the fid. */
        void take(final LiveFid taken, final CopiesAhead copies, final Surplus surplus) {
            live = null;
            path.forgetUnused(this);
            taken.dropped = true;
            copies.drop(taken, surplus);
        }
    }

    /** A fid on the server, with the number of leases that pin it. */
    static final class LiveFid {
        final int number;
        int pins;

        /** True once the fid belongs to no path any more; the last lease to be closed clunks it. */
        boolean dropped;

        /** The copy that {@link CopiesAhead} holds; null if there is none. */
        @Nullable
        CopyAhead copy;

        /** How many copies were made to be opened. */
        long opens;

        /** The walk of a copy that was given up while this walk was unanswered; the fid is clunked after it. */
        @Nullable
        Call<Rwalk> walkAhead;

        /** True while a thread begins a copy. */
        boolean beginsCopy;

        LiveFid(final int number) {
            this.number = number;
        }

        /** Returns whether no request over the fid is unanswered or about to be sent. */
        boolean isUnused() {
            return pins == 0
                    && !beginsCopy
                    && (copy == null || copy.isAnswered())
                    && (walkAhead == null || walkAhead.isOver());
        }
    }
}
