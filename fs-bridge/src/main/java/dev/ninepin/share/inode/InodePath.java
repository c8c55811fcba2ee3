package dev.ninepin.share.inode;

import dev.ninepin.p9.ByteString;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The path of a file, built from the names known on this mount: as a list of names, or as text for messages and logs.
 */
final class InodePath {
    /** The maximum number of names in a path. A longer chain of parents may be a cycle. */
    private static final int DEEPEST = 4096;

    private InodePath() {}

    /**
     * Returns the names on the path from {@code root} to an inode; empty if one of them is not known. Under the lock of
     * {@link Inodes}.
     */
    static Optional<List<ByteString>> names(final Inode inode, final Inode root) {
        final Deque<ByteString> names = new ArrayDeque<>();
        return climb(inode, root, names) == root ? Optional.of(List.copyOf(names)) : Optional.empty();
    }

    /**
     * Prepends the names on the path to {@code inode}, and returns the directory that contains the first of them. That
     * directory is {@code root} if all names are known.
     */
    private static Inode climb(final Inode inode, final Inode root, final Deque<ByteString> names) {
        Inode top = inode;
        while (top != root && !top.names.isEmpty() && names.size() < DEEPEST) {
            final Inode.Name name = top.names.get(0);
            names.addFirst(name.name());
            top = name.directory();
        }
        return top;
    }

    /**
     * Returns the length in bytes of the longest path from a directory to a known directory below it, including a slash
     * before each name. Under the lock of {@link Inodes}.
     */
    static int longestBelow(final Inode directory) {
        final Set<Inode> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        final Deque<Below> left = new ArrayDeque<>();
        left.add(new Below(directory, 0));
        int longest = 0;
        while (!left.isEmpty()) {
            final Below next = left.remove();
            longest = Math.max(longest, next.length());
            next.directory().children().forEach((name, child) -> {
                // A directory that was seen before is part of a cycle, which only a faulty server produces.
                if (child.isDirectory() && seen.add(child)) {
                    left.add(new Below(child, next.length() + 1 + name.length()));
                }
            });
        }
        return longest;
    }

    /** A directory, and the length in bytes of the path to it. */
    private record Below(Inode directory, int length) {}

    /**
     * Returns the path from {@code root} to an inode for messages and logs. The path begins with a node ID where no
     * name is known. Under the lock of {@link Inodes}.
     */
    static String of(final Inode inode, final Inode root) {
        final Deque<ByteString> names = new ArrayDeque<>();
        final Inode top = climb(inode, root, names);
        final StringBuilder path = new StringBuilder(top == root ? "" : "node " + top.node() + ":");
        names.forEach(name -> path.append('/').append(name));
        return path.isEmpty() ? "/" : path.toString();
    }
}
