package dev.ninepin.fuse.lib;

import java.io.IOException;
import java.nio.ByteBuffer;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.annotations.IgnoreError;
import jnr.ffi.annotations.In;

/**
 * The functions of libfuse 2.9 that Ninepin calls. They belong to the low-level API, which identifies files by the
 * kernel's node IDs. (jnr-fuse binds the high-level API, which identifies files by paths.)
 *
 * <p>Requests, sessions, channels and structs are addresses in longs, so only 64-bit machines are supported. Some of
 * these symbols have several versions. An unversioned lookup finds the newest one, which is the one that libfuse's
 * headers declare.
 *
 * <p>This interface is public only because jnr-ffi implements it in a class loader of its own.
 */
public interface LibFuse {
    /**
     * Returns the library, which is loaded on the first call.
     *
     * @throws IOException if the library cannot be loaded
     */
    static LibFuse get() throws IOException {
        try {
            return Loaded.LIBRARY;
        } catch (final LinkageError e) {
            throw new IOException(
                    "libfuse 2 (libfuse.so.2) could not be loaded: install the package libfuse2, libfuse2t64 or fuse-libs",
                    e);
        }
    }

    /**
     * Mounts, and returns the channel, or 0 on failure. libfuse then prints the reason on standard error; errno may
     * hold it as well.
     */
    long fuse_mount(Pointer mountPoint, Pointer args);

    /** Unmounts lazily and destroys the channel. Only for a mount that was never served. */
    void fuse_unmount(Pointer mountPoint, long channel);

    void fuse_opt_free_args(Pointer args);

    /** Creates a session, or returns 0 on failure. Copies {@code ops}. */
    long fuse_lowlevel_new(Pointer args, Pointer ops, long opsSize, long userData);

    void fuse_session_add_chan(long session, long channel);

    void fuse_session_exit(long session);

    /** Frees the session and its channel, and closes the device. */
    void fuse_session_destroy(long session);

    long fuse_chan_bufsize(long channel);

    /** Creates a channel, or returns 0 on failure. Copies {@code ops}. */
    long fuse_chan_new(Pointer ops, int fd, long bufferSize, long data);

    /** Returns the descriptor of /dev/fuse that belongs to a channel. */
    int fuse_chan_fd(long channel);

    /** Creates a channel for an open descriptor of /dev/fuse, or returns 0 on failure. */
    long fuse_kern_chan_new(int descriptor);

    /** Destroys a channel that {@link #fuse_chan_new} created and that was not added to a session. */
    void fuse_chan_destroy(long channel);

    /**
     * Sends one message that consists of {@code count} pieces ({@code struct iovec}). Returns 0, or a negative errno.
     */
    @IgnoreError
    int fuse_chan_send(long channel, Pointer pieces, long count);

    /**
     * Makes the kernel drop a node's attributes and its pages from {@code offset} on. Drops all of these pages if
     * {@code length} is 0, and no pages if {@code offset} is negative. Returns 0, or a negative errno.
     */
    @IgnoreError
    int fuse_lowlevel_notify_inval_inode(long channel, long node, long offset, long length);

    /**
     * Makes the kernel drop a name that it knows in a directory. With an unused inode's last name, the kernel also
     * drops the inode, and gives its lookups back. Blocks while a program changes the directory or looks up a name in
     * it.
     *
     * @param name the name, which ends with a NUL
     * @param length the length of the name in bytes, without the NUL
     * @return 0, or a negative errno
     */
    @IgnoreError
    int fuse_lowlevel_notify_inval_entry(long channel, long parent, @In byte[] name, long length);

    /**
     * Blocks until a request arrives. Returns the request's length in bytes, 0 if the session has ended, or a negative
     * errno.
     */
    @IgnoreError
    int fuse_chan_recv(Pointer channelInOut, ByteBuffer request, long size);

    /** Decodes a request and runs its callback on this thread. */
    @IgnoreError
    void fuse_session_process(long session, ByteBuffer request, long length, long channel);

    @IgnoreError
    long fuse_req_ctx(long request);

    @IgnoreError
    void fuse_req_interrupt_func(long request, long function, long data);

    // Every reply frees its request. It returns 0, or a negative errno if the kernel no longer waited for the reply.

    @IgnoreError
    int fuse_reply_err(long request, int errno);

    @IgnoreError
    void fuse_reply_none(long request);

    @IgnoreError
    int fuse_reply_entry(long request, Pointer entry);

    @IgnoreError
    int fuse_reply_create(long request, Pointer entry, Pointer info);

    @IgnoreError
    int fuse_reply_attr(long request, Pointer stat, double timeout);

    @IgnoreError
    int fuse_reply_open(long request, Pointer info);

    @IgnoreError
    int fuse_reply_write(long request, long count);

    @IgnoreError
    int fuse_reply_buf(long request, ByteBuffer data, long size);

    @IgnoreError
    int fuse_reply_xattr(long request, long size);

    @IgnoreError
    int fuse_reply_statfs(long request, Pointer statvfs);

    /** The library, loaded on first use. */
    final class Loaded {
        private static final LibFuse LIBRARY =
                LibraryLoader.create(LibFuse.class).failImmediately().load("libfuse.so.2");

        private Loaded() {}
    }
}
