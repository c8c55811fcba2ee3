package dev.ninepin.share;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The inodes by what the server numbers them with: one each, but where it numbers several files alike. No locks. */
final class InodesById {
    /** The one that was added last; the others follow by {@link Inode#nextAlike}. */
    private final Map<FileId, Inode> first = new HashMap<>();

    /** All with this number, the latest first. */
    List<Inode> all(final FileId id) {
        final List<Inode> all = new ArrayList<>(1);
        for (Inode inode = first.get(id); inode != null; inode = inode.nextAlike) {
            all.add(inode);
        }
        return all;
    }

    void add(final Inode inode) {
        if (!all(inode.id()).contains(inode)) {
            inode.nextAlike = first.put(inode.id(), inode);
        }
    }

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
