package dev.ninepin.share;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** The file systems of the server's host that were found so far. Any thread. */
final class KnownFileSystems {
    @GuardedBy("this")
    private final List<HostFileSystem> all = new ArrayList<>(1);

    @GuardedBy("this")
    private boolean haveTwins;

    /** Whether the server does not know Trenameat; any thread may set and read it. */
    private volatile boolean lackRenameat;

    /** Those of which statfs(2) says this. */
    synchronized List<HostFileSystem> alike(final int type, final long id) {
        return all.stream().filter(each -> each.is(type, id)).toList();
    }

    /** Adds a file system that is none of {@code compared}; false if there are others by now of which statfs(2) says the same. */
    synchronized boolean add(
            final HostFileSystem added, final int type, final long id, final Collection<HostFileSystem> compared) {
        return compared.containsAll(alike(type, id)) && all.add(added);
    }

    boolean lackRenameat() {
        return lackRenameat;
    }

    void lacksRenameat() {
        lackRenameat = true;
    }

    /** Whether this is the first time that two files with one number are met. */
    synchronized boolean isFirstTwin() {
        final boolean isFirst = !haveTwins;
        haveTwins = true;
        return isFirst;
    }
}
