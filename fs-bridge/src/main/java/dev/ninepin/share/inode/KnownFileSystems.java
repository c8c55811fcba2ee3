package dev.ninepin.share.inode;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** The file systems of the server's host found so far. Any thread may call any method. */
public final class KnownFileSystems {
    @GuardedBy("this")
    private final List<HostFileSystem> all = new ArrayList<>(1);

    @GuardedBy("this")
    private boolean haveTwins;

    /** Whether the server does not know Trenameat. Read and written without a lock. */
    private volatile boolean lackRenameat;

    /** Returns the file system of a directory; empty if it is not known yet. */
    public Optional<HostFileSystem> of(final Inode directory) {
        return Optional.ofNullable(directory.fileSystem);
    }

    /** Records the file system of a directory, unless another thread recorded one before. Returns the recorded one. */
    public synchronized HostFileSystem record(final Inode directory, final HostFileSystem found) {
        final HostFileSystem known = directory.fileSystem;
        if (known != null) {
            return known;
        }
        directory.fileSystem = found;
        return found;
    }

    /** Returns the file systems for which statfs(2) reports a type and an ID. */
    public synchronized List<HostFileSystem> alike(final int type, final long id) {
        return all.stream().filter(each -> each.matches(type, id)).toList();
    }

    /**
     * Adds a file system that was compared with all of {@code compared} and is none of them. Returns false, and adds
     * nothing, if other file systems with this type and ID were added meanwhile.
     */
    public synchronized boolean add(
            final HostFileSystem added, final int type, final long id, final Collection<HostFileSystem> compared) {
        return compared.containsAll(alike(type, id)) && all.add(added);
    }

    /** Returns whether the server is known not to support Trenameat. */
    public boolean lackRenameat() {
        return lackRenameat;
    }

    /** Notes that the server does not support Trenameat. */
    public void lacksRenameat() {
        lackRenameat = true;
    }

    /** Returns true on the first call only, for the first two files with the same number. */
    public synchronized boolean isFirstTwin() {
        final boolean isFirst = !haveTwins;
        haveTwins = true;
        return isFirst;
    }
}
