package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Rstatfs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;

/**
 * A file system: the operations that the kernel asks for, each in terms of the nodes that it knows.
 *
 * <p>Any thread may call any method; a call waits for the server. Failures are {@link IOException}s that
 * {@link Errno#of} turns into an errno. An interrupt of the calling thread gives the request up (Tflush), and EINTR.
 *
 * <p>A node number is handed out by {@link #lookup} and by what makes files, each time counted; the kernel gives the
 * counts back with {@link #forget}. {@link #ROOT} is always there.
 */
public interface FileOperations {
    /** The node of the share's root directory. */
    long ROOT = 1;

    /** Never the number of a handle. */
    long NO_HANDLE = 0;

    /**
     * The same file system as a user is to use it: what is done with nodes is done as this user, if the server is to tell
     * users apart. Nodes and handles are the same for all; what is done with a handle is done as who has opened it. Any
     * thread.
     *
     * @param uid of the process that asks, fsuid of credentials(7); not asked for where all use it alike
     * @throws IOException if this user must not use it at all
     */
    default FileOperations forUser(final IntSupplier uid) throws IOException {
        return this;
    }

    /** As {@link #forUser}, for who has opened a file: what is done over its descriptor is done as he, whoever has that by now. */
    default FileOperations forOpener(final long handle) throws IOException {
        return this;
    }

    /** Where a node is, for people and logs: a path from the share's root on, as far as that is known. Any thread. */
    default String pathOf(final long node) {
        return "node " + node;
    }

    /** Finds a name in a directory. ENOENT if there is none. */
    Entry lookup(long parent, ByteString name) throws IOException;

    /**
     * A directory by a name that the kernel has for it, as it was last seen, without asking the server whether it is there:
     * for somebody who must not look it up. Counts as a lookup. Empty if there is no such name.
     */
    default Optional<Entry> knownDirectory(final long parent, final ByteString name) throws IOException {
        return Optional.empty();
    }

    /**
     * What stat(2) shows of a file that somebody has open, for one who may have got a descriptor of it, but must not go the
     * way to it. Empty if nobody has it open.
     */
    default Optional<Attributes> attributesOfOpen(final long node) throws IOException {
        return Optional.empty();
    }

    /**
     * Looks up many names of a directory at once. In the order of the names; empty where that failed, for whatever reason
     * that concerns this name alone.
     */
    List<Optional<Entry>> lookupAll(long parent, List<ByteString> names) throws IOException;

    /** The kernel gives back {@code lookups} of the times that it was handed {@code node}. */
    void forget(long node, long lookups);

    /**
     * Names of files that the kernel is to be asked to forget, since it knows more of them than are to be remembered here:
     * not open, not lately asked for. Empty if there is no need. What it does not forget is named again, in its turn.
     */
    default List<KnownName> surplus() {
        return List.of();
    }

    /** What stat(2) shows; also of a file that is open here and has lost its name. */
    Attributes getattr(long node) throws IOException;

    /**
     * The attributes of an open file that the kernel is about to read from its pages, which it drops when it hears of
     * these. It ignores them if they cross the end of a write(2) here.
     *
     * @param kernel told to drop the pages first, if the answer may be ignored and is not needed for the file's size
     */
    default Attributes getattrToRead(final long node, final KernelData kernel) throws IOException {
        return getattr(node);
    }

    /** Changes attributes, and says what they are then. */
    Attributes setattr(long node, AttributeChange change) throws IOException;

    /** As {@link #setattr}, of an open file over its descriptor: what open(2) has allowed is not refused now. */
    Attributes setattrOfOpen(long handle, AttributeChange change) throws IOException;

    /**
     * A change of nothing: chown(2) to -1 and -1, or what comes before a write(2) to a file with set-ID bits; the kernel does
     * not say which ({@code fs/fuse/dir.c}, fuse_setattr). It renews the time of the last change. Such bits go, if who asks
     * owns the file or may write to it; for anybody else it does nothing to a file that has them: chown(2) would be refused,
     * but not a write over a descriptor that he was given, which says by itself that they are to go.
     */
    default Attributes changeNothing(final Caller caller, final long node) throws IOException {
        return setattr(node, AttributeChange.LOSS_OF_SET_ID);
    }

    ByteString readlink(long node) throws IOException;

    // The mode of a new file is as its maker asked for it: his umask is still to be applied.

    /** Makes a regular file, device node, FIFO or socket: {@code mode} says which, and its permissions. */
    Entry mknod(Caller caller, long parent, ByteString name, int mode, long rdev) throws IOException;

    Entry mkdir(Caller caller, long parent, ByteString name, int mode) throws IOException;

    Entry symlink(Caller caller, long parent, ByteString name, ByteString target) throws IOException;

    Entry link(long node, long newParent, ByteString newName) throws IOException;

    /** Removes a name; a file that is open here lives on until it is closed. */
    void unlink(long parent, ByteString name) throws IOException;

    void rmdir(long parent, ByteString name) throws IOException;

    /** Renames; a file that has the new name and is open here lives on until it is closed. */
    void rename(long parent, ByteString name, long newParent, ByteString newName) throws IOException;

    /** Renames; EEXIST if there is a file of the new name. EINVAL if the server has no means to rename so. */
    void renameWithoutReplacing(long parent, ByteString name, long newParent, ByteString newName) throws IOException;

    /**
     * Opens a file, and gives a handle for it.
     *
     * @param flags open(2)'s, in the numbers of {@link dev.ninepin.p9.OpenFlags}
     * @param kernel told to drop the file's data, if what it may have kept is not good any more
     */
    long open(long node, int flags, KernelData kernel) throws IOException;

    /**
     * Whether a file that was just opened, and only to be read, has the size 0. It may have contents all the same, as the
     * files of Linux's {@code /proc} have.
     */
    default boolean isShownEmpty(final long handle) throws IOException {
        return false;
    }

    /**
     * Whether such a file has contents: then only the server knows where it ends, and a read may bring less than there
     * is. Asks the server for a byte, which may renew the time of the last access.
     */
    default boolean hidesContents(final long handle) throws IOException {
        return false;
    }

    /** Makes a regular file and opens it; where there is one already, opens that, unless {@code flags} forbid it. */
    Created create(Caller caller, long parent, ByteString name, int flags, int mode, KernelData kernel)
            throws IOException;

    /** Makes and opens a regular file without a name, which {@link #link} may give it; else it goes when it is closed. */
    Created createUnnamed(Caller caller, long directory, int flags, int mode) throws IOException;

    /** Reads up to {@code count} bytes; fewer only at the end of the file. The caller closes the result. */
    ReadResult read(long handle, long offset, int count) throws IOException;

    /** As {@link #read}, of what the kernel hands to a program and does not keep. */
    default ReadResult readWithoutPages(final long handle, final long offset, final int count) throws IOException {
        return read(handle, offset, count);
    }

    /**
     * Somebody without CAP_FSETID is about to write over a descriptor: the file is to lose its set-ID bits. If the server
     * refuses, that is no failure: it knows who writes then, and does so itself.
     */
    default void loseSetId(final long handle) throws IOException {}

    /**
     * Writes what remains of {@code data}, and returns how many bytes of it were written.
     *
     * @param flags those of the descriptor at this moment: with APPEND, the bytes go to the end of the file, wherever
     *     that is by then; a page that the kernel writes back comes without
     */
    int write(long handle, long offset, ByteBuffer data, int flags) throws IOException;

    /**
     * A program's {@link #write} is done, and about to be answered. If the kernel may have read those bytes anew since it
     * put them into its pages, and before the server had them, then {@code drop} is run: they are to be read once more.
     */
    default void written(final long handle, final long offset, final int size, final PageDrop drop)
            throws IOException {}

    /**
     * A program has closed a descriptor of a file that it may have written to, or locked; other copies of it may be open
     * still. Whatever {@code owner} has locked of the file with {@link #lock} is free, whichever handle it came over.
     */
    void flush(long handle, long owner) throws IOException;

    /** Whether locks are to be asked for here. If not, the kernel keeps them to itself. */
    boolean takesLocks();

    /** The lock that is in the way of {@code wanted}, of those that {@link #lock} sets. */
    Optional<FileLock> lockInTheWay(FileLock wanted) throws IOException;

    /**
     * Sets a lock as fcntl(2) does, on some bytes, or frees them. An interrupt ends the wait with EINTR.
     *
     * @param wait whether to wait while another has a lock that is in the way (EDEADLK, if that one waits for this owner);
     *     if not, EAGAIN. ENOLCK if the server can't lock, or too many wait
     * @param kernel told to drop the file's data, if others could have changed it until now
     */
    void lock(FileLock wanted, boolean wait, KernelData kernel) throws IOException;

    /**
     * Sets a lock as flock(2) does, on a whole file, or frees it; these locks, and those of {@link #lock}, are not in each
     * other's way here. What the owner had goes first: if this fails, or waits, it has nothing. Otherwise as
     * {@link #lock}, without EDEADLK.
     */
    void flock(FileLock wanted, boolean wait, KernelData kernel) throws IOException;

    void fsync(long handle, boolean dataOnly) throws IOException;

    /** The last descriptor is gone: the handle is no more, nor are locks whose owner was the open file itself. */
    void release(long handle) throws IOException;

    long opendir(long node) throws IOException;

    /** Offers entries to {@code sink}, from the cookie {@code offset} on (0: from the start), until it has no room. */
    void readdir(long handle, long offset, DirectorySink sink) throws IOException;

    void fsyncdir(long handle, boolean dataOnly) throws IOException;

    void releasedir(long handle) throws IOException;

    /** The figures of the file system; of a node that a server can't ask about, those of the root. */
    Rstatfs statfs(long node) throws IOException;

    // Extended attributes. ENOSYS says that there are none, on any file, and never will be; ENODATA, EOPNOTSUPP, that a
    // file has none of that name. They may fail as well when they are only set or removed at the end of several
    // requests.

    /** How many bytes an extended attribute's value has; 65536 at most. */
    int xattrSize(long node, ByteString name) throws IOException;

    /** The value of an extended attribute; ERANGE if it has more than {@code room} bytes. */
    byte[] getxattr(long node, ByteString name, int room) throws IOException;

    /** How many bytes {@link #listxattr} gives; 65536 at most. */
    int xattrListSize(long node) throws IOException;

    /** The names of all extended attributes, each with a NUL behind it; ERANGE if these are more than {@code room} bytes. */
    byte[] listxattr(long node, int room) throws IOException;

    /**
     * Sets an extended attribute to what remains of {@code value}.
     *
     * @param flags setxattr(2)'s: 1 it must be new (else EEXIST), 2 it must be there (else ENODATA)
     */
    void setxattr(Caller caller, long node, ByteString name, ByteBuffer value, int flags) throws IOException;

    void removexattr(Caller caller, long node, ByteString name) throws IOException;

    /**
     * Whether {@code caller}, with all his groups, may do what {@code mask} (access(2)'s R_OK 4, W_OK 2, X_OK 1) says;
     * EACCES if not.
     */
    void access(Caller caller, long node, int mask) throws IOException;

    /** What may be believed without asking the server. */
    CacheMode cache();
}
