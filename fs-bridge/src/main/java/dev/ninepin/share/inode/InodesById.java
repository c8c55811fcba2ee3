package dev.ninepin.share.inode;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The inodes by file ID. A file ID has one inode, unless the server gives several files the same number. Not
 * thread-safe: the caller holds the lock of {@link Inodes}.
 */
final class InodesById {
    /** The inode that was added last for each file ID. The others follow in {@link Inode#nextAlike}. */
    private final Map<FileId, Inode> first = new HashMap<>();

    /** Returns all inodes with a file ID, the latest first. */
    List<Inode> all(final FileId id) {
        final List<Inode> all = new ArrayList<>(1);
        for (Inode inode = first.get(id); inode != null; inode = inode.nextAlike) {
            all.add(inode);
        }
        return all;
    }

    /** Adds an inode, unless it was added before. */
    void add(final Inode inode) {
        if (!all(inode.id()).contains(inode)) {
            inode.nextAlike = first.put(inode.id(), inode);
        }
    }

    /** Removes an inode, if it was added. */
    void remove(final Inode inode) {
        final @Nullable Inode latest = first.get(inode.id());
        if (latest == inode) {
            if (inode.nextAlike == null) {
                first.remove(inode.id());
            } else {
                first.put(inode.id(), inode.nextAlike);
            }
        } else {
            for (Inode before = latest; before != null; before = before.nextAlike) {
                if (before.nextAlike == inode) {
                    before.nextAlike = inode.nextAlike;
                }
            }
        }
        inode.nextAlike = null;
    }
}
