package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Rstatfs;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A share as a file system: the operations that the kernel asks for, each in terms of the nodes that it knows.
 *
 * <p>Any thread may call any method; a call waits for the server. Failures are {@link IOException}s that
 * {@link Errno#of} turns into an errno. An interrupt of the calling thread gives the request up (Tflush), and EINTR.
 *
 * <p>A node number is handed out by {@link #lookup} and by what makes files, each time counted; the kernel gives the
 * counts back with {@link #forget}. {@link #ROOT} is always there.
 */
@SuppressWarnings("DoNotCallSuggester") // until the methods are there
public final class Share implements AutoCloseable {
    /** The node of the share's root directory. */
    public static final long ROOT = 1;

    /** Given as a handle where the kernel has none. */
    public static final long NO_HANDLE = 0;

    /** Finds a name in a directory. ENOENT if there is none. */
    public Entry lookup(final long parent, final ByteString name) throws IOException {
        throw new IOException("to come");
    }

    /** The kernel gives back {@code lookups} of the times that it was handed {@code node}. */
    public void forget(final long node, final long lookups) {}

    /** What stat(2) shows; over {@code handle}, if there is one, also of a file that has lost its name. */
    public Attributes getattr(final long node, final long handle) throws IOException {
        throw new IOException("to come");
    }

    /** Changes attributes, and says what they are then. */
    public Attributes setattr(final long node, final long handle, final AttributeChange change) throws IOException {
        throw new IOException("to come");
    }

    public ByteString readlink(final long node) throws IOException {
        throw new IOException("to come");
    }

    /** Makes a regular file, device node, FIFO or socket: {@code mode} says which, and its permissions. */
    public Entry mknod(final Caller caller, final long parent, final ByteString name, final int mode, final long rdev)
            throws IOException {
        throw new IOException("to come");
    }

    public Entry mkdir(final Caller caller, final long parent, final ByteString name, final int mode)
            throws IOException {
        throw new IOException("to come");
    }

    public Entry symlink(final Caller caller, final long parent, final ByteString name, final ByteString target)
            throws IOException {
        throw new IOException("to come");
    }

    public Entry link(final long node, final long newParent, final ByteString newName) throws IOException {
        throw new IOException("to come");
    }

    public void unlink(final long parent, final ByteString name) throws IOException {
        throw new IOException("to come");
    }

    public void rmdir(final long parent, final ByteString name) throws IOException {
        throw new IOException("to come");
    }

    public void rename(final long parent, final ByteString name, final long newParent, final ByteString newName)
            throws IOException {
        throw new IOException("to come");
    }

    /**
     * Opens a file, and gives a handle for it.
     *
     * @param flags open(2)'s, in the numbers of {@link dev.ninepin.p9.OpenFlags}
     */
    public long open(final long node, final int flags) throws IOException {
        throw new IOException("to come");
    }

    /** Makes a regular file and opens it. */
    public Created create(
            final Caller caller, final long parent, final ByteString name, final int flags, final int mode)
            throws IOException {
        throw new IOException("to come");
    }

    /** Reads up to {@code count} bytes; fewer only at the end of the file. The caller closes the result. */
    public ReadResult read(final long handle, final long offset, final int count) throws IOException {
        throw new IOException("to come");
    }

    /** Writes all that remains of {@code data}, and returns how many bytes that were. */
    public int write(final long handle, final long offset, final ByteBuffer data) throws IOException {
        throw new IOException("to come");
    }

    /** A descriptor of the open file is being closed: what was sent behind is written, and its errors come here. */
    public void flush(final long handle) throws IOException {}

    public void fsync(final long handle, final boolean dataOnly) throws IOException {
        throw new IOException("to come");
    }

    /** The last descriptor is gone: the handle is no more. */
    public void release(final long handle) {}

    public long opendir(final long node) throws IOException {
        throw new IOException("to come");
    }

    /** Offers entries to {@code sink}, from the cookie {@code offset} on (0: from the start), until it has no room. */
    public void readdir(final long handle, final long offset, final DirectorySink sink) throws IOException {
        throw new IOException("to come");
    }

    public void fsyncdir(final long handle, final boolean dataOnly) throws IOException {
        throw new IOException("to come");
    }

    public void releasedir(final long handle) {}

    public Rstatfs statfs(final long node) throws IOException {
        throw new IOException("to come");
    }

    /** Whether {@code caller} may do what {@code mask} (access(2)'s R_OK 4, W_OK 2, X_OK 1) says; EACCES if not. */
    public void access(final Caller caller, final long node, final int mask) throws IOException {
        throw new IOException("to come");
    }

    /** What may be believed without asking the server. */
    public CacheMode cache() {
        return CacheMode.OPEN;
    }

    /** Ends the share and its session: fids are clunked, and the server is told. */
    @Override
    public void close() {}
}
