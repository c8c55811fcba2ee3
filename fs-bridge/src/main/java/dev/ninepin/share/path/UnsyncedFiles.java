package dev.ninepin.share.path;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.session.Session;
import dev.ninepin.share.cache.UnsyncedChanges;
import dev.ninepin.share.inode.Inode;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The files and directories of a share with unsynced changes. Records these changes if the server may run on another
 * host. Limits the memory for files with many changes, and for files that are not open, most of which are never synced.
 * Any thread may call any method.
 */
public final class UnsyncedFiles {
    /** The most memory for all counted files, in bytes. */
    private static final long MOST_BYTES = 32L << 20;

    /** The memory of an inode, in bytes. */
    private static final int INODE_BYTES = 1000;

    /** An open file is counted if its changes take more memory than this, in bytes. */
    private static final int MUCH_BYTES = 4 << 10;

    private final Session session;

    /**
     * The counted files and their memory, in bytes: files that are not open, and open files with many changes. The file
     * that was changed or closed last comes last.
     */
    @GuardedBy("this")
    private final Map<Inode, Long> counted = new LinkedHashMap<>();

    /** The sum of the values in {@link #counted}. */
    @GuardedBy("this")
    private long bytes;

    public UnsyncedFiles(final Session session) {
        this.session = session;
    }

    /** Records a change of an open file. See {@link UnsyncedChanges#note}. */
    public void note(final Inode inode, final int connection, final UnsyncedChanges.Change change) {
        if (session.mayLoseUnsynced()) {
            inode.unsynced.note(connection, change);
            if (inode.unsynced.memory() > MUCH_BYTES) {
                limit(inode);
            }
        }
    }

    /** Records a change of a file or directory that may not be open. See {@link UnsyncedChanges#note}. */
    void noteOverPath(final Inode inode, final int connection, final UnsyncedChanges.Change change) {
        if (session.mayLoseUnsynced()) {
            inode.unsynced.note(connection, change);
            limit(inode);
        }
    }

    /**
     * Counts the memory of a file whose last descriptor was closed, or that has many changes. If the sum is too large,
     * forgets the changes of the files that were changed or closed longest ago.
     */
    public void limit(final Inode inode) {
        final long more = inode.unsynced.memory();
        if (more == 0) {
            return;
        }
        final List<Inode> surplus = new ArrayList<>(0);
        synchronized (this) {
            final Long before = counted.remove(inode);
            counted.put(inode, more + INODE_BYTES);
            bytes += more + INODE_BYTES - (before == null ? 0 : before);
            final Iterator<Map.Entry<Inode, Long>> oldest = counted.entrySet().iterator();
            while (bytes > MOST_BYTES) {
                final Map.Entry<Inode, Long> each = oldest.next();
                bytes -= each.getValue();
                surplus.add(each.getKey());
                oldest.remove();
            }
        }
        for (final Inode each : surplus) {
            if (!each.open.isOpen() || each.unsynced.memory() > MUCH_BYTES) {
                each.unsynced.forget();
            }
        }
    }
}
