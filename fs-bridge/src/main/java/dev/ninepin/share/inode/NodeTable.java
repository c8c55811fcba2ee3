package dev.ninepin.share.inode;

import dev.ninepin.operations.KnownName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The inodes by node ID, and the choice of those that the kernel should forget. Not thread-safe: the caller holds the
 * lock of {@link Inodes}.
 */
final class NodeTable {
    /** The maximum number of inodes that one call of {@link #selectForForget} selects. It bounds the time of a call. */
    private static final int MOST_AT_ONCE = 64;

    private static final int MOST_LOOKS = 256;

    private final int max;

    /** The inodes by node ID, in the order in which {@link #selectForForget} examines them next. */
    private final Map<Long, Inode> byNode = new LinkedHashMap<>();

    /** The number of inodes in the table that the kernel was asked to forget. */
    private int surplus;

    /** @param max the number of inodes above which {@link #selectForForget} selects some */
    NodeTable(final int max) {
        this.max = max;
    }

    @Nullable
    Inode get(final long node) {
        return byNode.get(node);
    }

    Collection<Inode> all() {
        return byNode.values();
    }

    boolean has(final Inode inode) {
        return byNode.get(inode.node()) == inode;
    }

    void add(final Inode inode) {
        byNode.put(inode.node(), inode);
    }

    /** Removes an inode. Returns false if it was removed before. */
    boolean remove(final Inode inode) {
        if (!byNode.remove(inode.node(), inode)) {
            return false;
        }
        surplus -= inode.surplus ? 1 : 0;
        return true;
    }

    /** Implements {@link Inodes#selectForForget}. */
    List<KnownName> selectForForget() {
        final int wanted = Math.min(byNode.size() - surplus - max, MOST_AT_ONCE);
        if (wanted <= 0) {
            return List.of();
        }
        final List<Inode> looked = new ArrayList<>();
        final List<KnownName> cold = new ArrayList<>();
        final Iterator<Inode> next = byNode.values().iterator();
        while (cold.size() < wanted && looked.size() < MOST_LOOKS && next.hasNext()) {
            final Inode inode = next.next();
            next.remove();
            looked.add(inode);
            if (!inode.recentlyUsed && !inode.isDirectory() && !inode.open.hasFiles() && !inode.names.isEmpty()) {
                inode.names.forEach(
                        name -> cold.add(new KnownName(name.directory().node(), name.name())));
                surplus += inode.surplus ? 0 : 1;
                inode.surplus = true;
            }
            inode.recentlyUsed = false;
        }
        looked.forEach(this::add);
        return cold;
    }
}
