package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Where a file is, as the names that lead there, or in words for people and logs. */
final class InodePath {
    /** The most names of a path: what is deeper may be a circle. */
    private static final int DEEPEST = 4096;

    private InodePath() {}

    /** The names from {@code root} on; none if one is not known. Under the lock of {@link Inodes}. */
    static Optional<List<ByteString>> names(final Inode inode, final Inode root) {
        final Deque<ByteString> names = new ArrayDeque<>();
        return climb(inode, root, names) == root ? Optional.of(List.copyOf(names)) : Optional.empty();
    }

    /** Adds the names above {@code inode}, the first of which is in what is returned. */
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
     * Bytes of the longest path from a directory to a known one below it, a slash before each name. Under the lock of {@link
     * Inodes}.
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
                // One that was seen before is part of a circle, which only a lying server has.
                if (child.isDirectory() && seen.add(child)) {
                    left.add(new Below(child, next.length() + 1 + name.length()));
                }
            });
        }
        return longest;
    }

    /** A directory, and the bytes of the path to it. */
    private record Below(Inode directory, int length) {}

    /** The names from {@code root} on; begins with a node where no name is known. Under the lock of {@link Inodes}. */
    static String of(final Inode inode, final Inode root) {
        final Deque<ByteString> names = new ArrayDeque<>();
        final Inode top = climb(inode, root, names);
        final StringBuilder path = new StringBuilder(top == root ? "" : "node " + top.node() + ":");
        names.forEach(name -> path.append('/').append(name));
        return path.isEmpty() ? "/" : path.toString();
    }
}
