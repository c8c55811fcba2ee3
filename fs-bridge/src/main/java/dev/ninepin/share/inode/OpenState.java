package dev.ninepin.share.inode;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.InterruptedIOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How an inode is open on this mount, and whether it was silly-renamed while it was. Any thread may call any method. No
 * lock is taken under the lock.
 */
public final class OpenState {
    /** The open files of the inode, immutable: most inodes have none. */
    @GuardedBy("this")
    private List<OpenFile> files = List.of();

    /** The number of handles open on this directory. */
    @GuardedBy("this")
    private int directories;

    @GuardedBy("this")
    private @Nullable Aside aside;

    /** How often a removal of a temporary name began or ended; odd while one is under way. */
    @GuardedBy("this")
    private long removals;

    /**
     * The state of a silly-renamed file.
     *
     * @param name the temporary name
     * @param user the server ID of the user who renamed the file, and who removes it on its last close
     */
    public record Aside(Inode.Name name, int user) {}

    /** Records that a file was opened. */
    synchronized void opened(final OpenFile file) {
        files = Stream.concat(files.stream(), Stream.of(file)).toList();
    }

    /** Records that a file was closed. */
    synchronized void closed(final OpenFile file) {
        files = files.stream().filter(each -> each != file).toList();
    }

    /** Records that a handle on the directory was opened. */
    public synchronized void openedDirectory() {
        directories++;
    }

    /** Records that a handle on the directory was closed. */
    public synchronized void closedDirectory() {
        directories--;
    }

    /** Returns whether the file or directory is open. */
    public synchronized boolean isOpen() {
        return directories > 0 || !files.isEmpty();
    }

    /** Returns whether the file is open. */
    synchronized boolean hasFiles() {
        return !files.isEmpty();
    }

    /**
     * Blocks until each open of the file that is complete has its reply ({@link OpenCheck}), before a change on this
     * mount is sent. The reply would otherwise show the change, and so not prove anything.
     *
     * @throws InterruptedIOException if the thread is interrupted
     */
    public void awaitChecks() throws InterruptedIOException {
        final List<OpenFile> now;
        synchronized (this) {
            now = files;
        }
        for (final OpenFile file : now) {
            file.awaitCheck(Long.MAX_VALUE);
        }
    }

    /** Returns whether exactly one open file is left. */
    public synchronized boolean isOpenOnce() {
        return files.size() == 1;
    }

    /** Returns whether the file is open and not silly-renamed. The name of such a file must not simply be removed. */
    public synchronized boolean needsSillyRename() {
        return !files.isEmpty() && aside == null;
    }

    /** Returns an open file that a user opened for writing. */
    public synchronized Optional<OpenFile> toWrite(final int user) {
        return files.stream()
                .filter(file -> file.user() == user && file.isForWriting())
                .findFirst();
    }

    /** Returns any open file, for use when the inode's path no longer leads to it. */
    public synchronized Optional<OpenFile> any() {
        return files.stream().findFirst();
    }

    /** Returns how the file is silly-renamed; empty if it is not. */
    public synchronized Optional<Aside> aside() {
        return Optional.ofNullable(aside);
    }

    /** Returns whether the file is silly-renamed in a directory. */
    synchronized boolean isAsideIn(final Inode directory) {
        return aside != null && aside.name().directory() == directory;
    }

    /**
     * Announces the removal of the file's temporary name. The caller closes the result when the outcome is recorded. At
     * most one thread removes the name at a time.
     */
    public synchronized Removal beginRemoval() {
        removals++;
        return this::endRemoval;
    }

    private synchronized void endRemoval() {
        removals++;
    }

    /** A removal under way, until it is closed. */
    @FunctionalInterface
    public interface Removal extends AutoCloseable {
        @Override
        void close();
    }

    /** Returns how often a removal of a temporary name has begun or ended. */
    public synchronized long removals() {
        return removals;
    }

    /**
     * Returns how many of the file's links on the server are temporary names, 0 or 1. Empty if a temporary name may have
     * been removed since the server was asked for the link count: the count may then include that name or not.
     *
     * @param before {@link #removals} before the server was asked
     */
    public synchronized OptionalInt hiddenLinks(final long before) {
        final boolean isAmbiguous = removals != before || removals % 2 != 0;
        return isAmbiguous ? OptionalInt.empty() : OptionalInt.of(aside == null ? 0 : 1);
    }

    /** Records that the open file was silly-renamed. */
    public synchronized void putAside(final Aside hidden) {
        aside = hidden;
    }

    /** Records that the silly-renamed file has an ordinary name again, or was removed. */
    public synchronized void clearAside() {
        aside = null;
    }
}
