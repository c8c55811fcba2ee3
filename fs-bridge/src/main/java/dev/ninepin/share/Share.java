package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Rstatfs;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A share as a file system. Failures are {@link IOException}s that {@link Errno#of} turns into an errno.
 */
@SuppressWarnings("DoNotCallSuggester") // until the methods are there
public final class Share implements FileOperations, AutoCloseable {
    @Override
    public Entry lookup(final long parent, final ByteString name) throws IOException {
        throw new IOException("to come");
    }

    @Override
    public void forget(final long node, final long lookups) {}

    @Override
    public Attributes getattr(final long node, final long handle) throws IOException {
        throw new IOException("to come");
    }

    @Override
    public Attributes setattr(final long node, final long handle, final AttributeChange change) throws IOException {
        throw new IOException("to come");
    }

    @Override
    public ByteString readlink(final long node) throws IOException {
        throw new IOException("to come");
    }

    @Override
    public Entry mknod(final Caller caller, final long parent, final ByteString name, final int mode, final long rdev)
            throws IOException {
        throw new IOException("to come");
    }

    @Override
    public Entry mkdir(final Caller caller, final long parent, final ByteString name, final int mode)
            throws IOException {
        throw new IOException("to come");
    }

    @Override
    public Entry symlink(final Caller caller, final long parent, final ByteString name, final ByteString target)
            throws IOException {
        throw new IOException("to come");
    }

    @Override
    public Entry link(final long node, final long newParent, final ByteString newName) throws IOException {
        throw new IOException("to come");
    }

    @Override
    public void unlink(final long parent, final ByteString name) throws IOException {
        throw new IOException("to come");
    }

    @Override
    public void rmdir(final long parent, final ByteString name) throws IOException {
        throw new IOException("to come");
    }

    @Override
    public void rename(final long parent, final ByteString name, final long newParent, final ByteString newName)
            throws IOException {
        throw new IOException("to come");
    }

    @Override
    public long open(final long node, final int flags) throws IOException {
        throw new IOException("to come");
    }

    @Override
    public Created create(
            final Caller caller, final long parent, final ByteString name, final int flags, final int mode)
            throws IOException {
        throw new IOException("to come");
    }

    @Override
    public ReadResult read(final long handle, final long offset, final int count) throws IOException {
        throw new IOException("to come");
    }

    @Override
    public int write(final long handle, final long offset, final ByteBuffer data) throws IOException {
        throw new IOException("to come");
    }

    @Override
    public void flush(final long handle) throws IOException {}

    @Override
    public void fsync(final long handle, final boolean dataOnly) throws IOException {
        throw new IOException("to come");
    }

    @Override
    public void release(final long handle) {}

    @Override
    public long opendir(final long node) throws IOException {
        throw new IOException("to come");
    }

    @Override
    public void readdir(final long handle, final long offset, final DirectorySink sink) throws IOException {
        throw new IOException("to come");
    }

    @Override
    public void fsyncdir(final long handle, final boolean dataOnly) throws IOException {
        throw new IOException("to come");
    }

    @Override
    public void releasedir(final long handle) {}

    @Override
    public Rstatfs statfs(final long node) throws IOException {
        throw new IOException("to come");
    }

    @Override
    public void access(final Caller caller, final long node, final int mask) throws IOException {
        throw new IOException("to come");
    }

    @Override
    public CacheMode cache() {
        return CacheMode.OPEN;
    }

    /** Ends the share and its session: fids are clunked, and the server is told. */
    @Override
    public void close() {}
}
