package dev.ninepin.operations;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rstatfs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;

/**
 * A file system: the operations that the kernel asks for, in terms of the node IDs that it knows.
 *
 * <p>Any thread may call any method; a call blocks until the server has answered. Failures are {@link IOException}s
 * that {@link Errno#of} maps to an errno. An interrupt of the calling thread cancels the request (Tflush), and the call
 * fails with EINTR.
 *
 * <p>{@link #lookup} and the methods that create files hand out node IDs, and each time increment the node's lookup
 * count. The kernel decrements the count with {@link #forget}. {@link #ROOT} is always valid.
 */
public interface FileOperations {
    /** The node ID of the share's root directory. */
    long ROOT = 1;

    /** A number that is never a handle. */
    long NO_HANDLE = 0;

    /**
     * Returns a user's view of this file system. If the server distinguishes users, operations on nodes use this user's
     * attach. Operations on a handle use the attach of the user who opened it. All views have the same node IDs and
     * handles.
     *
     * @param uid returns the fsuid (credentials(7)) of the calling process; not called if all users share one view
     * @throws IOException if this user must not use the file system at all
     */
    default FileOperations forUser(final IntSupplier uid) throws IOException {
        return this;
    }

    /**
     * Returns the view of the user who opened a file. Operations on a descriptor use the opener's view, even after the
     * descriptor was passed to another process.
     */
    default FileOperations forOpener(final long handle) throws IOException {
        return this;
    }

    /** Returns a node's path from the share's root for messages and logs, as far as the names are known. */
    default String pathOf(final long node) {
        return "node " + node;
    }

    /** Looks a name up in a directory. ENOENT if it does not exist. */
    Entry lookup(long parent, ByteString name) throws IOException;

    /**
     * Returns a directory that the kernel knows by this name, with its last known attributes, and increments its lookup
     * count. Sends no request: for a user who may not look the directory up. Empty if no such directory is known.
     */
    default Optional<Entry> knownDirectory(final long parent, final ByteString name) throws IOException {
        return Optional.empty();
    }

    /**
     * Returns the attributes of a file that any user has open. The caller may have received a descriptor of the file
     * without permission to walk its path. Empty if the file is not open.
     */
    default Optional<Attributes> attributesOfOpen(final long node) throws IOException {
        return Optional.empty();
    }

    /**
     * Looks up many names that {@link #readdir} has shown. Fails only for a reason that concerns all of them.
     *
     * @param since the result of {@link #readdir}
     * @return the entries in the order of the names; empty for a name whose lookup failed
     */
    List<Optional<Entry>> lookupAll(long parent, List<Dirent> names, long since) throws IOException;

    /** Decreases the lookup count of {@code node} by {@code lookups}. */
    void forget(long node, long lookups);

    /**
     * Returns names of files that the kernel should forget, because more inodes are known than the limit allows. The
     * files are not open and were not used lately. Empty if the limit is not reached. A file that the kernel does not
     * forget is returned again later.
     */
    default List<KnownName> surplus() {
        return List.of();
    }

    /** Returns the attributes of a file, even if it is open on this mount and has lost its name. */
    Attributes getattr(long node) throws IOException;

    /**
     * Returns the attributes of an open file before the kernel reads it from the page cache. If they have changed, the
     * kernel drops the pages. However, it ignores a reply that overlaps with the end of a write(2) on this mount.
     *
     * @param kernel receives the request to drop the pages, if the kernel may ignore the reply and does not need its
     *     file size
     */
    default Attributes getattrToRead(final long node, final KernelCache kernel) throws IOException {
        return getattr(node);
    }

    /** Changes attributes, and returns the attributes after the change, which may be predicted. */
    Attributes setattr(long node, AttributeChange change) throws IOException;

    /**
     * Changes attributes of an open file over its descriptor, and returns the attributes afterwards. An operation that
     * open(2) allowed is not refused because of the present mode.
     */
    Attributes setattrOfOpen(long handle, AttributeChange change) throws IOException;

    /**
     * Applies a setattr request that names no attribute. The kernel sends one for chown(2) to -1 and -1, and before a
     * write(2) to a file with set-ID bits; it does not tell which ({@code fs/fuse/dir.c}, fuse_setattr).
     *
     * <p>Updates the change time. Clears set-ID bits if the caller owns the file or may write to it. For any other
     * caller, a file with set-ID bits stays as it is. chown(2) by such a caller would fail. A write by such a caller,
     * over a descriptor that it was given, requests {@link #loseSetId} by itself.
     */
    default Attributes changeNothing(final Caller caller, final long node) throws IOException {
        return setattr(node, AttributeChange.LOSS_OF_SET_ID);
    }

    /** Returns the target of a symbolic link. */
    ByteString readlink(long node) throws IOException;

    // The mode of a new file is the one that the caller asked for: the umask is still to be applied.

    /**
     * Creates a regular file, device node, FIFO or socket.
     *
     * @param mode the type and the permissions of the new file
     * @param rdev the device number, for a device node
     */
    Entry mknod(Caller caller, long parent, ByteString name, int mode, long rdev) throws IOException;

    /** Creates a directory. ENAMETOOLONG if its path would be too long for the server. */
    Entry mkdir(Caller caller, long parent, ByteString name, int mode) throws IOException;

    /** Creates a symbolic link. */
    Entry symlink(Caller caller, long parent, ByteString name, ByteString target) throws IOException;

    /** Creates a hard link, and increments the file's lookup count. */
    Entry link(long node, long newParent, ByteString newName) throws IOException;

    /** Removes a name. A file that is open on this mount stays usable until it is closed. */
    void unlink(long parent, ByteString name) throws IOException;

    /** Removes an empty directory. */
    void rmdir(long parent, ByteString name) throws IOException;

    /**
     * Renames a file or directory. A file that has the new name and is open on this mount stays usable until it is
     * closed.
     */
    void rename(long parent, ByteString name, long newParent, ByteString newName) throws IOException;

    /** Renames a file or directory. EEXIST if the new name is taken; EINVAL if the server has no request to do so. */
    void renameWithoutReplacing(long parent, ByteString name, long newParent, ByteString newName) throws IOException;

    /**
     * Opens a file, and returns a handle.
     *
     * @param flags the flags of open(2), with the values of {@link dev.ninepin.p9.OpenFlags}
     * @param kernel receives the request to drop the file's cached data, if that may be out of date
     */
    long open(long node, int flags, KernelCache kernel) throws IOException;

    /**
     * Returns whether a file that was just opened for reading only has size 0. It may have contents all the same, like
     * files of Linux's {@code /proc}.
     */
    default boolean isShownEmpty(final long handle) throws IOException {
        return false;
    }

    /**
     * Returns whether a file of size 0 has contents. Only the server then knows where the file ends, and a read may
     * return fewer bytes than are left. Reads one byte from the server, which may update the access time.
     */
    default boolean hidesContents(final long handle) throws IOException {
        return false;
    }

    /** Creates a regular file and opens it. Opens an existing file of this name, unless {@code flags} forbid that. */
    Created create(Caller caller, long parent, ByteString name, int flags, int mode, KernelCache kernel)
            throws IOException;

    /**
     * Creates and opens a regular file without a name. The file is removed on its last close, unless {@link #link} gave
     * it a name.
     */
    Created createUnnamed(Caller caller, long directory, int flags, int mode) throws IOException;

    /** Reads up to {@code count} bytes; fewer only at the end of the file. The caller closes the result. */
    ReadResult read(long handle, long offset, int count) throws IOException;

    /**
     * Reads as {@link #read} does, for data that the kernel passes to a program without keeping it in the page cache.
     */
    default ReadResult readWithoutPages(final long handle, final long offset, final int count) throws IOException {
        return read(handle, offset, count);
    }

    /**
     * Clears a file's set-ID bits before a process without CAP_FSETID writes over a descriptor. A refusal by the server
     * is no failure: the server then knows which user writes, and clears the bits itself.
     */
    default void loseSetId(final long handle) throws IOException {}

    /**
     * Writes the remaining bytes of {@code data}, and returns the number of bytes written.
     *
     * <p>With a cache mode other than {@link CacheMode#NONE}, the server may do the write later. A later write, {@link
     * #flush} or {@link #fsync} then fails if it does not.
     *
     * @param flags the descriptor's present flags. With APPEND, the bytes go to the end of the file at the time of the
     *     write
     */
    int write(long handle, long offset, ByteBuffer data, int flags) throws IOException;

    /**
     * Writes as {@link #write} does, for pages that the kernel writes back after programs changed them over a memory
     * map. The handle is any that is open for writing. The bytes go to {@code offset} even if its flags contain APPEND,
     * and the failure of an earlier write does not matter.
     */
    default int writePages(final long handle, final long offset, final ByteBuffer data, final int flags)
            throws IOException {
        return write(handle, offset, data, flags & ~OpenFlags.APPEND);
    }

    /**
     * Completes a program's {@link #write} before the reply to it is sent. The kernel may have read the written bytes
     * from the server after it put them into its pages, and before the server had them. In that case, makes the kernel
     * drop these pages, so that it reads them again.
     *
     * @param offset the offset that the kernel gave for {@code written}
     * @param written the bytes that were to be written
     * @param reply the reply to the write, which does not wait for the kernel for long
     */
    default void written(
            final long handle,
            final long offset,
            final ByteBuffer written,
            final WriteReply reply,
            final KernelCache kernel)
            throws IOException {}

    /**
     * Handles a program's close(2) of a descriptor. The file may have been written to or locked, and copies of the
     * descriptor may still be open. Releases all locks that {@code owner} set on the file with {@link #lock}, over any
     * handle.
     */
    void flush(long handle, long owner) throws IOException;

    /** Returns whether the kernel should pass locks to this file system. Otherwise it manages them alone. */
    boolean takesLocks();

    /** Returns a lock set with {@link #lock} that conflicts with {@code wanted}; empty if there is none. */
    Optional<FileLock> lockInTheWay(FileLock wanted) throws IOException;

    /**
     * Sets or releases a lock on a range of bytes, as fcntl(2) does. An interrupt ends the wait with EINTR.
     *
     * @param wait whether to wait while another owner holds a conflicting lock (EDEADLK if that owner waits for this
     *     one). If not, fails with EAGAIN. ENOLCK if the server can't lock, or too many requests wait
     * @param kernel receives the request to drop the file's cached data, if other clients could have changed the file
     *     until now
     */
    void lock(FileLock wanted, boolean wait, KernelCache kernel) throws IOException;

    /**
     * Sets or releases a lock on a whole file, as flock(2) does. Such a lock does not conflict with locks of
     * {@link #lock} on this mount.
     *
     * <p>First releases the lock that the owner held: if the call waits or fails, the owner holds none. Otherwise works
     * as {@link #lock} does, without EDEADLK.
     */
    void flock(FileLock wanted, boolean wait, KernelCache kernel) throws IOException;

    /**
     * Stops the waits of {@link #lock} and {@link #flock} from ending until {@link #releaseWaits}, and returns how many
     * threads wait. These requests have had no effect yet, so another program can start them again.
     */
    default int holdWaits() {
        return 0;
    }

    /** Lets waits for locks end again. */
    default void releaseWaits() {}

    /** Has the server write a file's data, and its attributes unless {@code dataOnly}, to permanent storage. */
    void fsync(long handle, boolean dataOnly) throws IOException;

    /** Closes a handle after its last descriptor was closed, and releases the locks owned by the open file itself. */
    void release(long handle) throws IOException;

    /** Opens a directory, and returns a handle. */
    long opendir(long node) throws IOException;

    /**
     * Passes entries to {@code sink} until it has no room.
     *
     * @param offset the cookie of the entry after which to continue; 0 for the start
     * @return when the server was asked for the oldest of these entries, as a {@link System#nanoTime}
     */
    long readdir(long handle, long offset, DirectorySink sink) throws IOException;

    /** Has the server write a directory to permanent storage. */
    void fsyncdir(long handle, boolean dataOnly) throws IOException;

    /** Closes the handle of a directory. */
    void releasedir(long handle) throws IOException;

    /**
     * Returns the statfs(2) figures of a node's file system, or of the root's if the server can't be asked about the
     * node.
     */
    Rstatfs statfs(long node) throws IOException;

    // Extended attributes. ENOSYS means that no file has any, and never will. ENODATA and EOPNOTSUPP mean that the file
    // has none of that name. Setting or removing one may take several requests, of which only the last one takes
    // effect; these errors may come that late.

    /** Returns the size of an extended attribute's value in bytes, at most 65536. */
    int xattrSize(long node, ByteString name) throws IOException;

    /** Returns the value of an extended attribute. ERANGE if it has more than {@code room} bytes. */
    byte[] getxattr(long node, ByteString name, int room) throws IOException;

    /** Returns the size of the result of {@link #listxattr} in bytes, at most 65536. */
    int xattrListSize(long node) throws IOException;

    /**
     * Returns the names of all extended attributes, each followed by a NUL. ERANGE if they have more than {@code room}
     * bytes together.
     */
    byte[] listxattr(long node, int room) throws IOException;

    /**
     * Sets an extended attribute to the remaining bytes of {@code value}.
     *
     * @param flags the flags of setxattr(2): 1 fails with EEXIST if the attribute exists, 2 fails with ENODATA if it
     *     does not
     */
    void setxattr(Caller caller, long node, ByteString name, ByteBuffer value, int flags) throws IOException;

    /** Removes an extended attribute. */
    void removexattr(Caller caller, long node, ByteString name) throws IOException;

    /**
     * Fails with EACCES unless {@code caller}, with all supplementary groups, has the access of {@code mask}.
     *
     * @param mask the mode of access(2): R_OK 4, W_OK 2, X_OK 1
     */
    void access(Caller caller, long node, int mask) throws IOException;

    /**
     * Called once the kernel has ended the mount. Requests may still be in progress. They should fail rather than wait
     * for a connection to the server.
     */
    default void disconnected() {}

    /** Asks the server for a sign of life, and returns whether it answers. Blocks for at most two seconds. */
    default boolean isServerAnswering() {
        return true;
    }

    /** Returns which answers of the server may be cached. */
    CacheMode cache();

    /** Returns how long names and attributes may be cached. */
    default Timeouts timeouts() {
        return Timeouts.of(cache());
    }
}
