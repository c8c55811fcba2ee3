package dev.ninepin.fuse;

import java.io.IOException;
import java.nio.ByteBuffer;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.annotations.IgnoreError;
import jnr.ffi.annotations.In;

/**
 * The functions of libfuse 2.9 that Ninepin calls: the low-level API, which names files by the kernel's nodes. (jnr-fuse
 * binds the high-level one, which names them by paths.)
 *
 * <p>What libfuse hands out and takes back (requests, sessions, channels, structs) are addresses, as longs: so 64-bit
 * machines only. Some of these symbols exist in several versions; an unversioned look-up finds the newest, which is the
 * one that libfuse's headers declare.
 *
 * <p>Public only because jnr-ffi implements it in a class loader of its own.
 */
public interface LibFuse {
    /** The library, loaded once. */
    static LibFuse get() throws IOException {
        try {
            return Loaded.LIBRARY;
        } catch (final LinkageError e) {
            throw new IOException(
                    "libfuse 2 (libfuse.so.2) could not be loaded: install the package libfuse2, libfuse2t64 or fuse-libs",
                    e);
        }
    }

    /** Mounts, and returns the channel, or 0; then the reason is in errno at best, and in words on standard error. */
    long fuse_mount(Pointer mountPoint, Pointer args);

    /** Unmounts lazily and ends the channel. Only for a mount that was never served. */
    void fuse_unmount(Pointer mountPoint, long channel);

    void fuse_opt_free_args(Pointer args);

    /** Makes a session, or returns 0. Copies {@code ops}. */
    long fuse_lowlevel_new(Pointer args, Pointer ops, long opsSize, long userData);

    void fuse_session_add_chan(long session, long channel);

    void fuse_session_exit(long session);

    /** Frees the session and its channel, and closes the device. */
    void fuse_session_destroy(long session);

    long fuse_chan_bufsize(long channel);

    /** Makes a channel of {@code ops}, which it copies, or returns 0. */
    long fuse_chan_new(Pointer ops, int fd, long bufferSize, long data);

    /** Ends a channel that was made with {@link #fuse_chan_new}, and was not added to a session. */
    void fuse_chan_destroy(long channel);

    /** Sends one message, of {@code count} pieces ({@code struct iovec}). Returns 0, or a negative errno. */
    @IgnoreError
    int fuse_chan_send(long channel, Pointer pieces, long count);

    /**
     * The kernel drops what it keeps of a node: its attributes, and its pages from {@code offset} on, all of them if
     * {@code length} is 0, and none if {@code offset} is negative. Returns 0, or a negative errno.
     */
    @IgnoreError
    int fuse_lowlevel_notify_inval_inode(long channel, long node, long offset, long length);

    /**
     * The kernel drops a name that it knows in a directory, and with the last one its inode, unless that is in use: then it
     * gives the node back. {@code name} ends with a NUL, which {@code length} does not count. Returns 0, or a negative
     * errno. Waits while a program changes the directory or looks a name up in it.
     */
    @IgnoreError
    int fuse_lowlevel_notify_inval_entry(long channel, long parent, @In byte[] name, long length);

    /** Waits for a request: its length, 0 once the session has ended, or a negative errno. */
    @IgnoreError
    int fuse_chan_recv(Pointer channelInOut, ByteBuffer request, long size);

    /** Decodes a request and makes the callback that it is for, on this thread. */
    @IgnoreError
    void fuse_session_process(long session, ByteBuffer request, long length, long channel);

    @IgnoreError
    long fuse_req_ctx(long request);

    @IgnoreError
    void fuse_req_interrupt_func(long request, long function, long data);

    // Every reply ends its request. It returns 0, or a negative errno if the kernel no longer wanted it.

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

    /** Loads on first use. */
    final class Loaded {
        private static final LibFuse LIBRARY =
                LibraryLoader.create(LibFuse.class).failImmediately().load("libfuse.so.2");

        private Loaded() {}
    }
}
