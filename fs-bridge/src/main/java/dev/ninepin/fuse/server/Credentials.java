package dev.ninepin.fuse.server;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.lib.Native;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.FileOperations;
import java.io.IOException;
import jnr.ffi.Pointer;

/**
 * The credentials of requests: the user as whom an operation runs, and the caller that the share sees. Operations on a
 * handle that do not appear here run with the opener's credentials, which belong to the handle.
 */
final class Credentials {
    // Offsets in struct fuse_ctx: uid[4] gid[4] pid[4] umask[4].
    private static final int UID = 0;
    private static final int GID = 4;
    private static final int PID = 8;
    private static final int UMASK = 12;

    private final LibFuse fuse;
    private final FileOperations files;

    Credentials(final LibFuse fuse, final FileOperations files) {
        this.fuse = fuse;
        this.files = files;
    }

    /** Returns the file operations with the credentials of the user that sent {@code request}. */
    FileOperations forCaller(final long request) throws IOException {
        return files.forUser(() -> context(fuse, request).getInt(UID));
    }

    /** Returns the file operations with the credentials of the user that opened {@code handle}. */
    FileOperations forOpener(final long handle) throws IOException {
        return files.forOpener(handle);
    }

    /**
     * Returns the file operations with the opener's credentials if the kernel passed a descriptor, else with those of
     * the user that sent {@code request}. The kernel passes the descriptor for ftruncate(2). It passes none for
     * fchmod(2), fchown(2) and futimens(3), which only the file's owner may call.
     *
     * @param handle the descriptor's handle, or {@link FileOperations#NO_HANDLE}
     */
    FileOperations forOpenerOrCaller(final long request, final long handle) throws IOException {
        return handle == FileOperations.NO_HANDLE ? forCaller(request) : forOpener(handle);
    }

    /** Returns the caller of a request: its user ID, group ID and umask, without supplementary groups. */
    Caller caller(final long request) {
        final Pointer context = context(fuse, request);
        return new Caller(context.getInt(UID), context.getInt(GID), context.getInt(UMASK));
    }

    /** Returns the caller of a request with its supplementary groups, read from /proc. */
    Caller callerWithGroups(final long request) {
        return caller(request).with(SupplementaryGroups.of(thread(fuse, request)));
    }

    /** Returns the ID of the program's thread that waits for the reply to {@code request}. */
    static int thread(final LibFuse fuse, final long request) {
        return context(fuse, request).getInt(PID);
    }

    private static Pointer context(final LibFuse fuse, final long request) {
        return Native.at(fuse.fuse_req_ctx(request));
    }
}
