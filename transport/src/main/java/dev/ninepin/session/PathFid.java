package dev.ninepin.session;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A file by its path, and the unopened fid on it: a record from which the fid can be made again, after it was clunked
 * to keep the table small, or after the path changed. What it holds is guarded by its {@link FidTable}.
 */
public final class PathFid {
    private final Qid qid;

    /** The directory; null for the root, and for the root only. */
    @Nullable
    PathFid parent;

    /** The name in {@link #parent}; empty for the root. */
    ByteString name;

    /** The fid; null while there is none. */
    @Nullable
    LiveFid live;

    /** Set while some thread makes the fid; ends when it has succeeded or failed. */
    @Nullable
    CompletableFuture<Void> walking;

    /** How often this file was given another path. */
    long renames;

    /** How many directories had been moved when the fid was made, or last known to be good. */
    long walkedAt;

    /** How many directories had been moved when this, a directory, got its present path. */
    long movedAt;

    /** Used since the table last looked for a fid to clunk. */
    boolean recentlyUsed;

    /** Among those that the table looks through. */
    boolean inClock;

    /** No fid is to be made any more. */
    boolean retired;

    PathFid(final @Nullable PathFid parent, final ByteString name, final Qid qid) {
        this.parent = parent;
        this.name = name;
        this.qid = qid;
    }

    /** The file; the path must lead to this one, whenever it is walked. */
    public Qid qid() {
        return qid;
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
