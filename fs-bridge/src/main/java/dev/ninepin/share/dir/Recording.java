package dev.ninepin.share.dir;

import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.share.inode.Inode;
import java.util.ArrayList;
import java.util.List;

/**
 * A listing that is being read from the server, from its start, to be remembered. Either {@link #keep} or {@link #drop}
 * ends it. Not thread-safe: {@link OpenDirectory} serializes all calls.
 */
final class Recording {
    private final Listings listings;
    private final Inode directory;
    private final int user;
    private final Rgetattr version;
    private final long begun;
    private final List<Dirent> entries = new ArrayList<>();

    Recording(
            final Listings listings, final Inode directory, final int user, final Rgetattr version, final long begun) {
        this.listings = listings;
        this.directory = directory;
        this.user = user;
        this.version = version;
        this.begun = begun;
    }

    /** Adds the next page. Returns false if there is no room for it; the caller then drops the recording. */
    boolean add(final List<Dirent> page) {
        if (!listings.reserve(page)) {
            return false;
        }
        entries.addAll(page);
        return true;
    }

    /** Remembers the listing, which is complete. */
    void keep() {
        listings.keep(directory, user, version, begun, List.copyOf(entries));
    }

    /** Drops the entries recorded so far. */
    void drop() {
        listings.release(entries);
    }
}
