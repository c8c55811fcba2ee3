package dev.ninepin.session;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A file by its path, and the unopened fids on it, one for each user who has come by: a record from which a fid can be
 * made again, after it was clunked to keep the table small, or after the path changed. What it holds is guarded by its
 * {@link PathFids}.
 */
public final class PathFid {
    private final Qid qid;

    /** The place for the fid of the user that the session itself is attached as. */
    private final UserFid owners;

    /** Those of other users who have one, or are just walking; null until there is one. */
    private @Nullable List<UserFid> others;

    /** The directory; null for the root, and for the root only. */
    @Nullable
    PathFid parent;

    /** The name in {@link #parent}; empty for the root. */
    ByteString name;

    /** How often this file was given another path. */
    long renames;

    /** How many directories had been moved when this, a directory, got its present path. */
    long movedAt;

    /** No fid is to be made any more. */
    boolean retired;

    PathFid(final @Nullable PathFid parent, final ByteString name, final Qid qid, final int owner) {
        this.parent = parent;
        this.name = name;
        this.qid = qid;
        this.owners = new UserFid(this, owner);
    }

    /** Whether this is {@code wanted} in {@code directory}; guarded by the table's lock. */
    boolean isAt(final PathFid directory, final ByteString wanted) {
        return parent == directory && name.equals(wanted);
    }

    /** The file; the path must lead to this one, whenever it is walked. */
    public Qid qid() {
        return qid;
    }

    boolean isRoot() {
        return parent == null;
    }

    /** The place for the fid of a user. */
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

    /** The place for the fid of a user; null if he was not here yet. */
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

    /** All places that may have a fid. */
    List<UserFid> all() {
        if (others == null) {
            return List.of(owners);
        }
        final List<UserFid> all = new ArrayList<>(others);
        all.add(owners);
        return all;
    }

    /** Drops the place of a user, unless there is a fid in it, or will be. */
    void forgetUnused(final UserFid place) {
        if (others != null && place.live == null && place.walking == null) {
            others.remove(place);
        }
    }

    /** The place for a user's fid on a path. */
    static final class UserFid {
        final PathFid path;
        final int user;

        /** The fid; null while there is none. */
        @Nullable
        LiveFid live;

        /** Set while some thread makes the fid; ends when it has succeeded or failed. */
        @Nullable
        CompletableFuture<Void> walking;

        /** How many directories had been moved when the fid was made, or last known to be good. */
        long walkedAt;

        /** Used since the table last looked for a fid to clunk. */
        boolean recentlyUsed;

        /** Among those that the table looks through. */
        boolean inClock;

        private UserFid(final PathFid path, final int user) {
            this.path = path;
            this.user = user;
        }
    }

    /** A fid on the server, and how many use it right now. */
    static final class LiveFid {
        final int number;
        int pins;

        /** No longer its path's: the last user clunks it. */
        boolean dropped;

        LiveFid(final int number) {
            this.number = number;
        }
    }
}
