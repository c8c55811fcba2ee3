package dev.ninepin.share.inode;

import dev.ninepin.p9.ByteString;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.session.fid.PathFid;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The names of the inodes: {@link Inode#children()} of the directories, and {@link Inode#names} of the files. An
 * inode's path fid refers to one of its names. Not thread-safe: the caller holds the lock of {@link Inodes}, and runs
 * each {@link PathUpdate} after releasing it.
 */
final class InodeNames {
    private final FidTable fids;

    InodeNames(final FidTable fids) {
        this.fids = fids;
    }

    /** What remains to be done about path fids after names have changed. */
    @FunctionalInterface
    interface PathUpdate {
        PathUpdate NONE = () -> {};

        void run();
    }

    /** Returns the inode that is known by a name, if it has the file ID. */
    Optional<Inode> find(final FileId id, final Inode directory, final ByteString name) {
        return Optional.ofNullable(directory.children().get(name))
                .filter(inode -> inode.id().equals(id));
    }

    /** Returns whether a path fid refers to a name and is not retired. */
    boolean leadsTo(final PathFid path, final Inode directory, final ByteString name) {
        return !fids.isRetired(path) && fids.isAt(path, directory.path, name);
    }

    /** Adds a name to an inode. The inode that had the name before loses it. */
    PathUpdate add(final Inode directory, final ByteString name, final Inode inode) {
        final Inode before = directory.children().get(name);
        if (before == inode) {
            return PathUpdate.NONE;
        }
        // Learning a name is no change of the directory: counting it would make concurrent lookups of other names start
        // again.
        final PathUpdate replaced = before == null ? PathUpdate.NONE : remove(directory, name);
        directory.children().put(name, inode);
        inode.names.add(new Inode.Name(directory, name));
        inode.home = directory;
        return replaced;
    }

    /** Removes a name from its inode. */
    PathUpdate remove(final Inode directory, final ByteString name) {
        directory.changes++;
        final Inode inode = directory.children().remove(name);
        if (inode == null) {
            return PathUpdate.NONE;
        }
        inode.names.remove(new Inode.Name(directory, name));
        final PathFid path = inode.path;
        if (!fids.isAt(path, directory.path, name)) {
            return PathUpdate.NONE;
        }
        if (inode.names.isEmpty()) {
            return () -> fids.retire(path);
        }
        final Inode.Name other = inode.names.get(0);
        final PathFid otherDirectory = other.directory().path;
        return () -> fids.setPath(path, otherDirectory, other.name());
    }

    /**
     * Removes all names of a directory but one, since a directory has only one name. Returns the directories that
     * contained the other names.
     */
    List<Inode> removeAllBut(final Inode.Name kept, final Inode inode) {
        final List<Inode> others = new ArrayList<>(0);
        for (final Inode.Name name : List.copyOf(inode.names)) {
            if (!name.equals(kept)) {
                inode.names.remove(name);
                name.directory().children().remove(name.name(), inode);
                others.add(name.directory());
            }
        }
        return others;
    }

    /** Gives the inode that has a name another name. The inode that had the new name before loses it. */
    PathUpdate rename(
            final Inode directory, final ByteString name, final Inode newDirectory, final ByteString newName) {
        directory.changes++;
        newDirectory.changes++;
        final Inode inode = directory.children().remove(name);
        if (inode == null) {
            return remove(newDirectory, newName);
        }
        inode.names.remove(new Inode.Name(directory, name));
        final PathFid path = inode.path;
        final PathFid newParent = newDirectory.path;
        final boolean moves = fids.isAt(path, directory.path, name);
        final PathUpdate replaced = add(newDirectory, newName, inode);
        return () -> {
            replaced.run();
            if (moves) {
                fids.setPath(path, newParent, newName);
            }
        };
    }

    /** Removes an inode from the directories that contain it, and all names of files in it. */
    List<PathUpdate> drop(final Inode inode) {
        final List<PathUpdate> updates = new ArrayList<>(1);
        inode.names.forEach(name -> name.directory().children().remove(name.name(), inode));
        // A file that was found in this directory may have another name in another directory. Its path fid then moves
        // to that name.
        for (final ByteString name : List.copyOf(inode.children().keySet())) {
            updates.add(remove(inode, name));
        }
        final PathFid path = inode.path;
        updates.add(() -> fids.retire(path));
        return updates;
    }
}
