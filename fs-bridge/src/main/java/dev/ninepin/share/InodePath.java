package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import java.util.ArrayDeque;
import java.util.Deque;

/** Where a file is, in words for people and logs. */
final class InodePath {
    /** The most names of a path that are shown: what is deeper may be a circle. */
    private static final int DEEPEST = 4096;

    private InodePath() {}

    /** The names from {@code root} on; begins with a node where no name is known. Under the lock of {@link Inodes}. */
    static String of(final Inode inode, final Inode root) {
        final Deque<ByteString> names = new ArrayDeque<>();
        Inode top = inode;
        while (top != root && !top.names.isEmpty() && names.size() < DEEPEST) {
            final Inode.Name name = top.names.get(0);
            names.addFirst(name.name());
            top = name.directory();
        }
        final StringBuilder path = new StringBuilder(top == root ? "" : "node " + top.node() + ":");
        names.forEach(name -> path.append('/').append(name));
        return path.isEmpty() ? "/" : path.toString();
    }
}
